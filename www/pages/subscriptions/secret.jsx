// Secrets: a new one, which is shown once; the one in force, for who may read it; and changing it.
import { useState } from "preact/hooks";
import { get, post } from "../../lib/api.js";
import { exact } from "../../lib/format.js";
import { useAction } from "../../lib/live.js";
import { can } from "../../lib/session.js";
import { Button, Copy } from "../../ui/button.jsx";
import { Dialog } from "../../ui/dialog.jsx";
import { SelectField } from "../../ui/field.jsx";
import { FormProblem, useForm } from "../../ui/form.jsx";
import { Notice } from "../../ui/say.jsx";
import { secretFault } from "./checks.js";
import { SecretFields } from "./form.jsx";
import { secretOf } from "./values.js";
import { carriesSeveral } from "./words.js";

/** A secret that was just made. */
export function NewSecret({ secret, publicKey, until, onStored }) {
  const later = can("secrets:read") ? "You can read it again later; each reading is logged." : "It is shown this once.";
  return (
    <div class="stack">
      {publicKey ? (
        <>
          <p>Give the receiver the public key: it verifies with that, and needs nothing else.</p>
          <Kept text={publicKey} what="public key" />
          <p>The private key signs, and Signet keeps it. {later}</p>
        </>
      ) : (
        <p>Store it where the receiver reads it. {later}</p>
      )}
      <Kept text={secret} what="secret" />
      {until}
      <div>
        <Button kind="primary" onClick={onStored}>
          I've stored it
        </Button>
      </div>
    </div>
  );
}

function Kept({ text, what }) {
  return (
    <section class="subs-kept" aria-label={what}>
      <code>{text}</code>
      <Copy text={text} what={what}>
        Copy
      </Copy>
    </section>
  );
}

/** Reads the secret in force, once somebody has been told that this is noted. */
export function ShowSecret({ subscription, onClose }) {
  const [secret, setSecret] = useState(null);
  const { busy, problem, run } = useAction(async () => {
    setSecret((await get(`/v1/subscriptions/${subscription.id}/secret`)).secret);
  });
  const footer = secret ? (
    <Button onClick={onClose}>Done</Button>
  ) : (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button kind="primary" busy={busy} onClick={run}>
        Show it
      </Button>
    </>
  );
  return (
    <Dialog title="Signing secret" onClose={onClose} footer={footer}>
      <div class="stack">
        <p>Each reading is logged, with the key that read it.</p>
        {secret && <Kept text={secret} what="secret" />}
        {problem && <Notice kind="bad">{problem.message}</Notice>}
      </div>
    </Dialog>
  );
}

const OVERLAPS = [
  ["86400", "For 24 hours more"],
  ["3600", "For an hour more"],
  ["604800", "For 7 days more"],
  ["0", "No longer: the new one signs alone at once"],
];

/** Makes or takes a new secret. */
export function Rotate({ subscription, signature, onDone, onClose }) {
  const [made, setMade] = useState(null);
  const [isHeld, setHeld] = useState(false);
  const form = useForm({
    initial: { overlapSeconds: "86400", secretType: subscription.publicKey ? "ed25519" : "shared", secret: "" },
    check: ({ secretType, secret }) => ({ secret: secretType === "own" ? secretFault(secret, signature) : undefined }),
    submit: async (values) => {
      const overlap = carriesSeveral(signature) ? { overlapSeconds: Number(values.overlapSeconds) } : {};
      const body = { ...overlap, ...secretOf(values) };
      setMade({ ...(await post(`/v1/subscriptions/${subscription.id}/rotate-secret`, body)), at: Date.now() });
      onDone();
    },
  });
  if (made) {
    return (
      <Dialog title="The new secret" onClose={() => setHeld(true)}>
        <div class="stack">
          {isHeld && <Notice kind="wait">Store the secret first, then say so below.</Notice>}
          <NewSecret {...made} until={<Until at={made.previousSecretExpiresAt} since={made.at} />} onStored={onClose} />
        </div>
      </Dialog>
    );
  }
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" form="rotate" kind="primary" busy={form.busy}>
        Rotate the secret
      </Button>
    </>
  );
  return (
    <Dialog title="Rotate the secret" onClose={onClose} footer={footer}>
      <form id="rotate" {...form.form} class="stack">
        <SecretFields field={form.field} values={form.values} signature={signature} set={form.set} />
        {carriesSeveral(signature) ? (
          <SelectField
            {...form.field("overlapSeconds")}
            label="The old secret signs too"
            options={OVERLAPS}
            hint="While both sign, a receiver that knows either takes the deliveries."
          />
        ) : (
          <Notice kind="wait">
            This profile has room for one signature: the new secret signs alone at once. To change it without a gap,
            bring one that the receiver takes already.
          </Notice>
        )}
        <FormProblem of={form} />
      </form>
    </Dialog>
  );
}

function Until({ at, since }) {
  const isOver = new Date(at).getTime() <= since;
  return <p>{isOver ? "The old secret signs no longer." : `The old secret signs too until ${exact(at)}.`}</p>;
}
