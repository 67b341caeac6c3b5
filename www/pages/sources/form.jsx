// The form of a source, new or not: who sends, what proves it, where it goes.
import { CheckField, TextArea, TextField } from "../../ui/field.jsx";
import { useForm } from "../../ui/form.jsx";
import { Advanced } from "./advanced.jsx";
import { body, draft, faults, located, options } from "./draft.js";
import { Marked } from "./marked.jsx";
import { Modes } from "./modes.jsx";
import { Picker } from "./picker.jsx";
import { CUSTOM, isRequired, learns, needsSecret } from "./search.js";
import { Secrets, Stored } from "./secrets.jsx";

/**
 * The state of the form. `send` gets the whole body, as the API takes it.
 *
 * @param {{providers: object[], source?: object, send: (body: object) => Promise<any>}} how
 */
export function useSourceForm({ providers, source, send }) {
  const kept = source?.options ?? {};
  const provider = (values) => providers.find(({ name }) => name === values.provider);
  const form = useForm({
    initial: draft(source),
    check: (values) => faults(values, provider(values), { stored: source ? (source.secretCount ?? 1) : 0, kept }),
    submit: async (values) => {
      try {
        return await send(body(values, provider(values), kept));
      } catch (problem) {
        problem.errors = located(problem.errors ?? [], { isCustom: values.provider === CUSTOM });
        throw problem;
      }
    },
  });
  const choose = (name) => {
    form.set("provider", name);
    const names = Object.keys(providers.find((one) => one.name === name)?.options ?? {});
    for (const [field, text] of Object.entries(options(names, source))) {
      if (!(field in form.values)) form.set(field, text);
    }
  };
  return { ...form, provider: provider(form.values), choose };
}

export function SourceFields({ of, providers, source }) {
  const { values, field, set, provider, choose } = of;
  return (
    <>
      <fieldset class="stack">
        <Picker providers={providers} {...field("provider")} onInput={choose} />
        {values.provider === CUSTOM && (
          <TextArea label="Signature" hint="JSON, as on the right." mono rows={11} {...field("signature")} />
        )}
        <SecretsPart of={of} source={source} />
        {Object.entries(provider?.options ?? {}).map(([name, words]) => (
          <Option key={name} name={name} words={words} provider={provider} source={source} field={field} />
        ))}
      </fieldset>
      <fieldset class="stack">
        <TextField
          label="Origin"
          hint="Your endpoint: what was verified goes there."
          placeholder="https://example.com/hooks/github"
          type="url"
          inputmode="url"
          mono
          {...field("origin")}
        />
        <Modes value={values.mode} onInput={(mode) => set("mode", mode)} />
        <TextField label="Name" optional hint="For the people who look here." {...field("name")} />
      </fieldset>
      <fieldset class="stack tight">
        <CheckField
          label="Enforce the signature"
          hint="Off: what is not verified goes on too, marked Signet-Verified: false. To try a source out."
          checked={values.enforce}
          onInput={(is) => set("enforce", is)}
        />
        <CheckField
          label="Sign anew for the origin"
          hint="As Standard Webhooks, whatever the provider's way is. You are shown the secret to check it with once."
          checked={values.resign}
          onInput={(is) => set("resign", is)}
        />
      </fieldset>
      <Advanced of={of} />
    </>
  );
}

function SecretsPart({ of, source }) {
  const { values, field, set, provider } = of;
  if (!values.provider) return null;
  const { fault, ...secrets } = field("secrets");
  const words = values.provider === CUSTOM ? "The text that both sides know, or a public key." : provider?.secret;
  const isFree = provider && !needsSecret(provider);
  const more = learns(provider) ? " Leave it empty: the provider tells it in the handshake." : "";
  return (
    <div class="stack tight">
      {source && <Stored count={source.secretCount} keep={values.keep} onKeep={(is) => set("keep", is)} />}
      {!(source && values.keep) && (
        <Secrets
          {...secrets}
          fault={fault}
          hint={
            <>
              <Marked text={words ?? ""} />
              {more}
              {source &&
                !isFree &&
                " Enter every one that is to count from now on: to rotate, the new one and the old one."}
            </>
          }
        />
      )}
      {source && values.keep && fault && (
        <div class="fault" role="alert">
          {fault}
        </div>
      )}
    </div>
  );
}

function Option({ name, words, provider, source, field }) {
  const isStored = source?.options?.[name] === null;
  const isSecret = provider.secretOptions?.includes(name);
  return (
    <TextField
      label={<code>{name}</code>}
      hint={isStored ? `${words} One is stored: leave this empty to keep it.` : words}
      optional={!isRequired(words)}
      mono
      type={isSecret ? "password" : "text"}
      autocomplete="off"
      {...field(`option:${name}`)}
    />
  );
}
