import { useState } from "preact/hooks";
import { post } from "../../lib/api.js";
import { me } from "../../lib/session.js";
import { Button } from "../../ui/button.jsx";
import { SelectField } from "../../ui/field.jsx";
import { FormProblem, useForm } from "../../ui/form.jsx";
import { Panel } from "../../ui/page.jsx";
import { Notice } from "../../ui/say.jsx";
import { Time } from "../../ui/text.jsx";
import { Secret } from "./once.jsx";
import { choices } from "./scopes.js";
import { ScopesField } from "./scopes.jsx";

const LASTING = [
  [900, "15 minutes"],
  [3_600, "1 hour"],
  [28_800, "8 hours"],
  [86_400, "1 day"],
  [604_800, "1 week"],
].map(([seconds, words]) => [String(seconds), words]);

/** Links are made, not listed: Signet keeps none of them. */
export function Links() {
  const [made, setMade] = useState(null);
  const usual = choices(me.value.scopes);
  const form = useForm({
    initial: { expiresIn: "3600", scopes: (usual.find(([id]) => id === "hooks") ?? usual[0])[2] },
    check: ({ scopes }) => ({ scopes: scopes.length > 0 ? undefined : "Choose one at least." }),
    submit: async ({ expiresIn, scopes }) =>
      setMade(await post("/v1/portal-links", { expiresIn: Number(expiresIn), scopes })),
  });
  return (
    <Panel padded>
      <form class="stack wide access-link-form" {...form.form}>
        <p class="soft">
          A link opens this dashboard for <strong>{me.value.application.name}</strong> alone, without a key: for a
          customer who looks after webhooks of their own.
        </p>
        <SelectField label="It lasts" options={LASTING} hint={lasts()} {...form.field("expiresIn")} />
        <ScopesField label="What may be done with it" {...form.field("scopes")} />
        <FormProblem of={form} />
        <div class="row">
          <Button type="submit" kind="primary" busy={form.busy}>
            Make a link
          </Button>
        </div>
        {made && <Made of={made} />}
      </form>
    </Panel>
  );
}

function Made({ of }) {
  return (
    <section class="stack tight" aria-label="The link">
      <Secret what="Link" text={of.url} />
      <Notice kind="wait">
        <span>
          Whoever has this link may use it. It ends <Time at={of.expiresAt} />. Signet does not show it again.
        </span>
      </Notice>
    </section>
  );
}

function lasts() {
  const { kind } = me.value;
  if (kind === "operator") return "It can't be taken back before, but by deleting the application.";
  if (kind === "link") return "At most as long as your own link.";
  return "It ends sooner where your key is revoked.";
}
