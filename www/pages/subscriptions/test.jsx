// One synthetic event, sent now, and what became of it.
import { useState } from "preact/hooks";
import { post } from "../../lib/api.js";
import { duration } from "../../lib/format.js";
import { href } from "../../lib/router.js";
import { can } from "../../lib/session.js";
import { Button } from "../../ui/button.jsx";
import { Dialog } from "../../ui/dialog.jsx";
import { TextArea, TextField } from "../../ui/field.jsx";
import { FormProblem, useForm } from "../../ui/form.jsx";
import { Notice } from "../../ui/say.jsx";
import { parsed, typeFault } from "./checks.js";
import { outcome } from "./words.js";

export function Test({ subscription, onClose }) {
  const [result, setResult] = useState(null);
  const form = useForm({
    initial: { type: "webhook.test", data: '{\n  "message": "This is a test event."\n}' },
    check: ({ type, data }) => ({
      type: typeFault(type),
      data: parsed(data) === undefined ? "This is not JSON." : undefined,
    }),
    submit: async ({ type, data }) => {
      setResult(null);
      // The data go as they are written.
      setResult(
        await post(`/v1/subscriptions/${subscription.id}/test`, `{"type":${JSON.stringify(type)},"data":${data}}`),
      );
    },
  });
  const footer = (
    <>
      <Button onClick={onClose}>Close</Button>
      <Button type="submit" form="test" kind="primary" busy={form.busy}>
        {result ? "Send another" : "Send the test"}
      </Button>
    </>
  );
  return (
    <Dialog title="Send a test" onClose={onClose} footer={footer}>
      <form id="test" {...form.form} class="stack">
        <p class="soft">
          One event, now and once, whatever types it asks for
          {subscription.status === "active" ? "" : `, though it is ${subscription.status}`}.
        </p>
        <TextField {...form.field("type")} label="Type" mono autocomplete="off" />
        <TextArea {...form.field("data")} label="Data" mono rows={6} />
        <FormProblem of={form} />
        {result && <Result of={result} />}
      </form>
    </Dialog>
  );
}

function Result({ of }) {
  return (
    <Notice kind={of.delivered ? "good" : "bad"}>
      <span>
        {outcome(of)} <span class="number">It took {duration(of.durationMs)}.</span>
      </span>
      {can("deliveries:read") && <a href={href(`/deliveries/${of.deliveryId}`)}>See the delivery</a>}
    </Notice>
  );
}
