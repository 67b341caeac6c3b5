import { useState } from "preact/hooks";
import { post } from "../../lib/api.js";
import { useLive } from "../../lib/live.js";
import { can, me } from "../../lib/session.js";
import { Button } from "../../ui/button.jsx";
import { Dialog } from "../../ui/dialog.jsx";
import { CheckField, SelectField, TextField } from "../../ui/field.jsx";
import { FormProblem, useForm } from "../../ui/form.jsx";
import { ShownOnce } from "./once.jsx";
import { choices } from "./scopes.js";
import { ScopesField } from "./scopes.jsx";

const FORM = "new-key";

/** A drawer to make a key in; once it is made, the key itself. */
export function NewKey({ onMade, onClose }) {
  const [made, setMade] = useState(null);
  const form = useForm({
    initial: {
      label: "",
      scopes: choices(me.value.scopes)[0][2],
      hook: false,
      webhookUrl: "",
      events: "",
      profile: "",
    },
    check,
    submit: async (values) => {
      setMade(await post("/v1/api-keys", asked(values)));
      await onMade();
    },
  });
  if (made) return <Made of={made} onClose={onClose} />;
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" form={FORM} kind="primary" busy={form.busy}>
        Make the key
      </Button>
    </>
  );
  return (
    <Dialog title="New key" drawer onClose={onClose} footer={footer}>
      <form id={FORM} class="stack wide" {...form.form}>
        <TextField
          label="Label"
          hint="To know it again: the program that uses it, or whose it is."
          maxLength={256}
          {...form.field("label")}
        />
        <ScopesField label="What it may do" {...form.field("scopes")} />
        {can("subscriptions:write") && <WebhookFields form={form} />}
        <FormProblem of={form} />
      </form>
    </Dialog>
  );
}

function WebhookFields({ form }) {
  const profiles = useLive("/v1/profiles", { every: 0 });
  const names = (profiles.data?.data ?? []).map(({ name }) => [name, name]);
  return (
    <div class="stack">
      <CheckField
        label="Deliver to a webhook as well"
        hint="Makes a subscription with the key, for whoever gets both from you."
        checked={form.values.hook}
        onInput={(on) => form.set("hook", on)}
      />
      {form.values.hook && (
        <div class="access-nested stack">
          <TextField
            label="Webhook URL"
            type="url"
            mono
            placeholder="https://example.com/hook"
            {...form.field("webhookUrl")}
          />
          <TextField
            label="Event types"
            optional
            mono
            placeholder="order.*, invoice.paid"
            hint="Parted by commas; all when left out."
            {...form.field("events")}
          />
          <SelectField
            label="Profile"
            hint="The form of the requests and their signature."
            options={[["", "The application's own"], ...names]}
            {...form.field("profile")}
          />
        </div>
      )}
    </div>
  );
}

function Made({ of, onClose }) {
  const secrets = [
    [
      "Key",
      of.key,
      <>
        Send it as the header <code>Authorization: Bearer …</code>
      </>,
    ],
  ];
  if (of.webhookSecret) {
    secrets.push(["Webhook secret", of.webhookSecret, "The receiver verifies with it that a request is from Signet."]);
  }
  return <ShownOnce title={`The key “${of.label}” is made`} secrets={secrets} onClose={onClose} />;
}

function check({ label, scopes, hook, webhookUrl }) {
  return {
    label: label.trim() ? undefined : "Give it a label.",
    scopes: scopes.length > 0 ? undefined : "Choose one at least.",
    webhookUrl: hook && !/^https?:\/\/./i.test(webhookUrl.trim()) ? "Give a URL with https:// or http://." : undefined,
  };
}

function asked({ label, scopes, hook, webhookUrl, events, profile }) {
  const key = { label: label.trim(), scopes };
  if (!hook) return key;
  const types = events.split(/[\s,]+/).filter(Boolean);
  return {
    ...key,
    webhookUrl: webhookUrl.trim(),
    ...(types.length > 0 ? { events: types } : {}),
    ...(profile ? { profile } : {}),
  };
}
