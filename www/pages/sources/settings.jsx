// Changing a source, and its end.
import { useEffect, useRef, useState } from "preact/hooks";
import { patch, remove } from "../../lib/api.js";
import { exact } from "../../lib/format.js";
import { go } from "../../lib/router.js";
import { can } from "../../lib/session.js";
import { Button } from "../../ui/button.jsx";
import { Confirm } from "../../ui/dialog.jsx";
import { FormProblem } from "../../ui/form.jsx";
import { Panel } from "../../ui/page.jsx";
import { Notice, Shown, toast } from "../../ui/say.jsx";
import { Id } from "../../ui/text.jsx";
import { body, changes, draft } from "./draft.js";
import { SourceFields, useSourceForm } from "./form.jsx";
import { Needs } from "./needs.jsx";
import { keep } from "./once.jsx";

export function Settings({ source, refresh, providers }) {
  const [saved, setSaved] = useState(0);
  const mayChange = can("sources:write");
  const done = async () => {
    await refresh();
    setSaved((count) => count + 1);
  };
  return (
    <>
      {!mayChange && <Notice>Your key has no scope sources:write: you can look, not change.</Notice>}
      {mayChange && (
        <Shown of={providers}>
          {(all) => <Form key={saved} isAgain={saved > 0} source={source} providers={all} done={done} />}
        </Shown>
      )}
      <Panel title="About" padded>
        <dl class="facts">
          <dt>Id</dt>
          <dd>
            <Id of={source.id} whole what="the source’s id" />
          </dd>
          <dt>Made</dt>
          <dd>{exact(source.createdAt)}</dd>
          <dt>Changed</dt>
          <dd>{exact(source.updatedAt)}</dd>
        </dl>
      </Panel>
      {mayChange && <Delete source={source} />}
    </>
  );
}

function Form({ source, providers, done, isAgain }) {
  // What is compared is what the form began with, not what somebody else has changed since.
  const [began] = useState(source);
  const end = useRef(null);
  const send = async (after) => {
    const kept = began.options ?? {};
    const provider = providers.find(({ name }) => name === began.provider);
    const changed = changes(body(draft(began), provider, kept), after);
    if (Object.keys(changed).length === 0) {
      toast("Nothing was changed.");
      return;
    }
    keep(await patch(`/v1/sources/${source.id}`, changed));
    toast("Saved.");
    await done();
  };
  const form = useSourceForm({ providers, source: began, send });
  // A form that begins anew after it was saved has the focus where it was.
  useEffect(() => {
    if (isAgain && document.activeElement === document.body) end.current.querySelector("button").focus();
  }, []);
  return (
    <div class="src-beside">
      <form class="panel padded stack wide" {...form.form}>
        <SourceFields of={form} providers={providers} source={began} />
        <FormProblem of={form} />
        <div ref={end}>
          <Button type="submit" kind="primary" busy={form.busy}>
            Save changes
          </Button>
        </div>
      </form>
      <Needs provider={form.provider} name={form.values.provider} />
    </div>
  );
}

function Delete({ source }) {
  const [isAsked, setAsked] = useState(false);
  const end = async () => {
    await remove(`/v1/sources/${source.id}`);
    toast("The source is deleted.");
    go("/sources", {}, { replace: true });
  };
  return (
    <Panel title="Delete this source" padded>
      <div class="row apart">
        <p class="soft">Its URL answers 404 from then on, and what it remembers of requests is gone.</p>
        <Button kind="danger" onClick={() => setAsked(true)}>
          Delete source
        </Button>
      </div>
      {isAsked && (
        <Confirm title="Delete this source?" what="Delete source" danger run={end} onClose={() => setAsked(false)}>
          <p class="src-wraps">
            Requests to <code>{source.url}</code> are answered 404 at once, elsewhere within a minute. Remove the
            webhook at the provider first, or its deliveries fail there.
          </p>
          {source.mode === "queue" && <p>What is still queued for its origin is cancelled.</p>}
        </Confirm>
      )}
    </Panel>
  );
}
