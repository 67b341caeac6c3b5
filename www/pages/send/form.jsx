// The fields of an event.

import { useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "../../ui/button.jsx";
import { TextArea, TextField } from "../../ui/field.jsx";
import { FormProblem } from "../../ui/form.jsx";
import { DataField } from "./data.jsx";
import { Examples } from "./examples.jsx";

const ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;
const MORE = ["id", "attributes", "occurredAt", "deliverAt", "webhookUrl"];

export function EventForm({ of }) {
  const { field, values, set } = of;
  const pick = (type, data) => {
    set("type", type);
    if (data !== undefined) set("data", data);
  };
  const folded = useRef(null);
  const isFaulty = MORE.map(field).some(({ fault }) => fault);
  // What is wrong is not left where nobody sees it.
  useLayoutEffect(() => {
    if (isFaulty) folded.current.open = true;
  }, [isFaulty, of.busy]);
  return (
    <form class="stack" {...of.form} onKeyDown={(event) => sendByKeys(event)}>
      <Examples onPick={pick} />
      <TextField
        label="Type"
        hint="What happened, from the general to the particular, such as order.created."
        autocomplete="off"
        mono
        required
        {...field("type")}
      />
      <DataField {...field("data")} />
      <details class="send-more" ref={folded}>
        <summary>More</summary>
        <div class="stack">
          <TextField
            label="Id"
            optional
            hint="The same id again sends nothing. Left out, one is made."
            autocomplete="off"
            mono
            {...field("id")}
          />
          <TextArea
            label="Attributes"
            optional
            hint="What subscriptions filter by, a line each: team = ops, or team = ops, sales."
            rows={3}
            mono
            {...field("attributes")}
          />
          <div class="send-pair">
            <TextField
              label="Occurred at"
              optional
              hint={ZONE}
              type="datetime-local"
              step="1"
              {...field("occurredAt")}
            />
            <TextField
              label="Deliver at"
              optional
              hint={`${ZONE}; at most 30 days ahead`}
              type="datetime-local"
              step="1"
              {...field("deliverAt")}
            />
          </div>
          <TextField
            label="Webhook URL"
            optional
            hint="A delivery of its own to this URL, besides those to subscriptions."
            type="url"
            autocomplete="off"
            mono
            placeholder="https://"
            {...field("webhookUrl")}
          />
        </div>
      </details>
      <FormProblem of={of} />
      <div class="row">
        <Button type="submit" kind="primary" busy={of.busy}>
          Send event
        </Button>
        <span class="soft small send-keys">
          <kbd>Ctrl</kbd> <kbd>Enter</kbd>
        </span>
        {values.deliverAt && <span class="soft small">It goes out when its time has come.</span>}
      </div>
    </form>
  );
}

function sendByKeys(event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  event.currentTarget.requestSubmit();
}
