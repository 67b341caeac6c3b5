// A new source.
import { post } from "../../lib/api.js";
import { go, href } from "../../lib/router.js";
import { can } from "../../lib/session.js";
import { Button, ButtonLink } from "../../ui/button.jsx";
import { FormProblem } from "../../ui/form.jsx";
import { Page } from "../../ui/page.jsx";
import { Empty, Shown } from "../../ui/say.jsx";
import { SourceFields, useSourceForm } from "./form.jsx";
import { Needs } from "./needs.jsx";
import { keep } from "./once.jsx";
import { useProviders } from "./providers.js";

export function NewSource() {
  const providers = useProviders();
  return (
    <Page title="New source" back={[href("/sources"), "Sources"]}>
      {can("sources:write") ? (
        <Shown of={providers}>{(all) => <Form providers={all} />}</Shown>
      ) : (
        <Empty title="Not yours to make">Your key has no scope sources:write.</Empty>
      )}
    </Page>
  );
}

function Form({ providers }) {
  const send = async (body) => {
    const source = await post("/v1/sources", body);
    keep(source);
    // Nobody goes back into a form that was sent.
    go(`/sources/${source.id}`, { tab: "setup" }, { replace: true });
  };
  const form = useSourceForm({ providers, send });
  return (
    <div class="src-beside">
      <form class="panel padded stack wide" {...form.form}>
        <SourceFields of={form} providers={providers} />
        <FormProblem of={form} />
        <div class="row">
          <Button type="submit" kind="primary" busy={form.busy}>
            Create source
          </Button>
          <ButtonLink kind="plain" href={href("/sources")}>
            Cancel
          </ButtonLink>
        </div>
      </form>
      <Needs provider={form.provider} name={form.values.provider} />
    </div>
  );
}
