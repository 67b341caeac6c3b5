import { useState } from "preact/hooks";
import { patch, post, remove } from "../../lib/api.js";
import { useLive } from "../../lib/live.js";
import { href, refine } from "../../lib/router.js";
import { application } from "../../lib/session.js";
import { Button, ButtonLink } from "../../ui/button.jsx";
import { Confirm, Dialog } from "../../ui/dialog.jsx";
import { SelectField, TextField } from "../../ui/field.jsx";
import { FormProblem, useForm } from "../../ui/form.jsx";
import { toast } from "../../ui/say.jsx";
import { ShownOnce } from "./once.jsx";

const FORM = "application";
const PATH = "/v1/applications";
const check = ({ name }) => ({ name: name.trim() ? undefined : "Give it a name." });

export function NewApplication({ onMade, onClose }) {
  const [made, setMade] = useState(null);
  const form = useForm({
    initial: { name: "", profile: "standard" },
    check,
    submit: async ({ name, profile }) => {
      setMade(await post(PATH, { name: name.trim(), profile }));
      await onMade();
    },
  });
  if (made) return <Made of={made} onClose={onClose} />;
  return <ApplicationForm title="New application" what="Make the application" form={form} onClose={onClose} />;
}

export function ChangeApplication({ of, onDone, onClose }) {
  const form = useForm({
    initial: { name: of.name, profile: of.profile },
    check,
    submit: async ({ name, profile }) => {
      const changes = {
        ...(name.trim() !== of.name ? { name: name.trim() } : {}),
        ...(profile !== of.profile ? { profile } : {}),
      };
      if (Object.keys(changes).length > 0) await patch(`${PATH}/${of.id}`, changes);
      await onDone();
      toast("The application is changed");
      onClose();
    },
  });
  return <ApplicationForm title={`Change “${of.name}”`} what="Save" form={form} own={of.profile} onClose={onClose} />;
}

function ApplicationForm({ title, what, form, own, onClose }) {
  const profiles = useLive("/v1/profiles", { every: 0 });
  const builtIn = (profiles.data?.data ?? []).filter((one) => one.builtIn).map(({ name }) => name);
  const names = [...new Set([form.values.profile, own, ...builtIn].filter(Boolean))];
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" form={FORM} kind="primary" busy={form.busy}>
        {what}
      </Button>
    </>
  );
  return (
    <Dialog title={title} onClose={onClose} footer={footer}>
      <form id={FORM} class="stack" {...form.form}>
        <TextField label="Name" hint="The customer's, for example." maxLength={256} {...form.field("name")} />
        <SelectField
          label="Profile"
          hint="The form of requests and their signature, where a subscription names no other."
          options={names.map((name) => [name, name])}
          {...form.field("profile")}
        />
        <FormProblem of={form} />
      </form>
    </Dialog>
  );
}

function Made({ of, onClose }) {
  const secrets = [
    ["Key", of.key, "With all scopes. More keys, with fewer, are made on this page."],
    ["Secret", of.secret, "Signs deliveries to a webhookUrl that an event names itself."],
  ];
  return (
    <ShownOnce title={`“${of.name}” is made`} secrets={secrets} onClose={onClose}>
      <div class="row">
        <ButtonLink href={href("/", { application: of.id })}>Switch to it</ButtonLink>
      </div>
    </ShownOnce>
  );
}

export function DeleteApplication({ of, onDone, onClose }) {
  const [typed, setTyped] = useState("");
  const run = async () => {
    if (typed.trim() !== of.name.trim()) throw new Error("That is not its name.");
    await remove(`${PATH}/${of.id}`);
    toast("The application is deleted");
    if (application.value === of.id) refine({ application: null }, { replace: true });
    else await onDone();
  };
  return (
    <Confirm title={`Delete “${of.name}”?`} what="Delete the application" danger run={run} onClose={onClose}>
      <p>
        Its deliveries stop: what is pending is called off, and its subscriptions and sources take nothing more. Its
        keys and links open nothing from now on. All of it is removed, its history too. This can't be undone.
      </p>
      <TextField label={`Type “${of.name}” to be sure`} value={typed} onInput={setTyped} autocomplete="off" />
    </Confirm>
  );
}
