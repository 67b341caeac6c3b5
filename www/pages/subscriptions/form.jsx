// The form of a subscription, for a new one and for one that is there, with what its deliveries will look like beside it.
import { useEffect, useState } from "preact/hooks";
import { Button } from "../../ui/button.jsx";
import { Chips } from "../../ui/chips.jsx";
import { SelectField, TextField } from "../../ui/field.jsx";
import { FormProblem, useForm } from "../../ui/form.jsx";
import { Matched, Pace } from "./advanced.jsx";
import { check, headerFaults, patternFault, secretFault, urlFault } from "./checks.js";
import { EMPTY, secretOf } from "./values.js";
import { Retries, WirePreview } from "./wire.jsx";
import { exampleType, profileInWords, takesPrivateKeys } from "./words.js";

const ADVANCED = {
  matched: ["filter", "headers", "metadata"],
  pace: ["rateLimit", "concurrency", "shards", "ordered"],
};

/**
 * @param {{initial: object, profiles: object[], usual?: string, isNew?: boolean, what: string,
 *   submit: (values: object, set: (name: string, value: any) => void) => Promise<any>, aside?: any}} props
 *   `usual` is the application's profile; `aside` stands beside the button
 */
export function SubscriptionForm({ initial, profiles, usual, isNew = false, what, submit, children }) {
  const named = (name) => profiles.find((one) => one.name === (name || usual));
  const form = useForm({
    initial,
    check: (values) => check(values, named(values.profile)),
    submit: (values) => submit(values, form.set),
  });
  const { field, values } = form;
  const profile = named(values.profile);
  const [open, setOpen] = useState({
    matched: ADVANCED.matched.some((name) => differs(initial, name)),
    pace: ADVANCED.pace.some((name) => differs(initial, name)),
  });
  const unfold = (names) => {
    const holds = (part) => ADVANCED[part].some((name) => names.includes(name));
    setOpen((before) => ({ matched: before.matched || holds("matched"), pace: before.pace || holds("pace") }));
  };
  // What is refused has to be seen.
  useEffect(() => unfold((form.problem?.errors ?? []).map(({ pointer }) => pointer.split("/")[1])), [form.problem]);
  const onSubmit = (event) => {
    const faults = check(values, profile);
    unfold(Object.keys(faults).filter((name) => faults[name]));
    form.form.onSubmit(event);
  };
  const fold = (part) => ({ open: open[part], onToggle: (is) => setOpen((before) => ({ ...before, [part]: is })) });
  return (
    <div class="subs-beside">
      <form {...form.form} onSubmit={onSubmit} class="panel stack subs-form">
        <TextField
          {...field("url")}
          label="URL"
          type="url"
          inputmode="url"
          placeholder="https://example.com/webhooks"
          autocomplete="off"
          mono
          required
        />
        <TextField {...field("name")} label="Name" optional placeholder="What you call it" autocomplete="off" />
        <Chips
          {...field("events")}
          label="Events"
          optional
          placeholder="All types"
          hint="A type, or a type's beginning and .* for all below it: task.* is task.done and task.step.one, not task. Without any, all."
          check={patternFault}
          parts={/[\s,]+/}
        />
        <ProfileField {...field("profile")} profiles={profiles} usual={usual} chosen={profile} free={isNew} />
        {isNew && <SecretFields field={field} values={values} signature={profile?.signature} set={form.set} />}
        <Matched form={form} profile={profile} {...fold("matched")} />
        <Pace form={form} {...fold("pace")} />
        <FormProblem of={form} />
        <footer class="row">
          <Button type="submit" kind="primary" busy={form.busy}>
            {what}
          </Button>
          {children?.(values)}
        </footer>
      </form>
      <div class="stack">
        <WirePreview
          profile={profile?.name ?? "standard"}
          usual={exampleType(values.events)}
          more={shownOf(values, profile)}
        />
        {profile && <Retries of={profile} />}
      </div>
    </div>
  );
}

const differs = (values, name) => JSON.stringify(values[name]) !== JSON.stringify(EMPTY[name]);

/** What of the form is sound enough to be previewed. */
function shownOf(values, profile) {
  const faults = headerFaults(values.headers, profile);
  const sound = values.headers.filter(({ name }, at) => name !== "" && !faults[at]);
  const isOwn = values.secretType === "own";
  return {
    url: urlFault(values.url) ? undefined : values.url,
    headers: sound.length > 0 ? Object.fromEntries(sound.map(({ name, value }) => [name, value])) : undefined,
    ...(isOwn && secretFault(values.secret, profile?.signature) ? {} : secretOf(values)),
  };
}

function ProfileField({ profiles, usual, chosen, free, ...field }) {
  const options = profiles.map(({ name }) => [name, name]);
  if (free) options.unshift(["", `The application's: ${usual}`]);
  return (
    <div class="stack tight">
      <SelectField {...field} label="Profile" options={options} />
      {chosen ? (
        <dl class="facts small subs-in-words">
          {profileInWords(chosen).map(([what, words]) => (
            <>
              <dt>{what}</dt>
              <dd>{words}</dd>
            </>
          ))}
        </dl>
      ) : (
        <p class="hint">What your deliveries look like, and when they are tried again.</p>
      )}
    </div>
  );
}

/** A secret that is made, or one that is brought along; for a new subscription, and for a new secret. */
export function SecretFields({ field, values, signature, set }) {
  const kinds = [["shared", "Signet makes one"]];
  // A profile that signs with private keys alone makes one anyway.
  if (!signature || (takesPrivateKeys(signature) && signature.algorithm !== "ed25519"))
    kinds.push(["ed25519", "Signet makes an Ed25519 key pair"]);
  kinds.push(["own", "I bring my own"]);
  const isOffered = kinds.some(([kind]) => kind === values.secretType);
  useEffect(() => {
    if (!isOffered) set("secretType", "shared");
  }, [isOffered]);
  return (
    <>
      <SelectField
        {...field("secretType")}
        label="Secret"
        options={kinds}
        hint={
          values.secretType === "ed25519"
            ? "Receivers verify with the public key, and can forge nothing."
            : "What signs, so that the receiver can tell your deliveries from others."
        }
      />
      {values.secretType === "own" && (
        <TextField {...field("secret")} label="Your secret" mono autocomplete="off" required />
      )}
    </>
  );
}
