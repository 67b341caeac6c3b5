// An event written by hand, and what becomes of it.
import { useState } from "preact/hooks";
import { Problem, post } from "../../lib/api.js";
import { place, refine } from "../../lib/router.js";
import { application } from "../../lib/session.js";
import { useForm } from "../../ui/form.jsx";
import { Page, Panel } from "../../ui/page.jsx";
import { Code } from "../../ui/text.jsx";
import { curl } from "./curl.js";
import { bodyOf, EMPTY, faults } from "./event.js";
import { EventForm } from "./form.jsx";
import { Matches } from "./matches.jsx";
import { TEMPLATES } from "./templates.js";
import { Watch } from "./watch.jsx";
import "./send.css";

const [[TYPE, DATA]] = TEMPLATES;
const INITIAL = { ...EMPTY, type: TYPE, data: JSON.stringify(DATA, null, 2) };

export function Send() {
  // What was answered here is told of; the event that is watched stands in the address.
  const [accepted, setAccepted] = useState(null);
  const event = place.value.query.get("event");
  const form = useForm({
    initial: INITIAL,
    check: faults,
    submit: async (values) => {
      const answer = await post("/v1/events", bodyOf(values)).catch(explain);
      setAccepted({ ...answer, type: values.type, at: Date.now() });
      refine({ event: answer.id });
    },
  });
  return (
    <Page title="Send an event">
      <div class="send-page">
        <Panel padded>
          <EventForm of={form} />
        </Panel>
        <div class="stack wide">
          {event && (
            <Watch key={`${event} ${accepted?.at}`} event={event} accepted={accepted?.id === event ? accepted : null} />
          )}
          <Matches of={form.values} />
          <Panel title="The same by curl" padded>
            <Code
              label="command"
              wrap
              text={curl(location.origin, "/v1/events", bodyOf(form.values), application.value)}
            />
          </Panel>
        </div>
      </div>
    </Page>
  );
}

/** What stands against an id is shown where the id is typed. */
function explain(problem) {
  if (problem.code !== "id_conflict") throw problem;
  const detail = "Another event was accepted under this id. The same event may be sent again under it, nothing else.";
  throw new Problem(problem.status, { ...problem, detail, errors: [{ pointer: "/id", detail }] });
}
