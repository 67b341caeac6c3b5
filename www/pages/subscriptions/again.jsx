// Trying again what failed, and sending again what was: both run in the background.
import { post } from "../../lib/api.js";
import { useLive } from "../../lib/live.js";
import { go } from "../../lib/router.js";
import { Button } from "../../ui/button.jsx";
import { Chips } from "../../ui/chips.jsx";
import { Dialog } from "../../ui/dialog.jsx";
import { SelectField, TextField } from "../../ui/field.jsx";
import { FormProblem, useForm } from "../../ui/form.jsx";
import { patternFault } from "./checks.js";
import { hostOf } from "./list.jsx";
import { local, WINDOWS, windowFaults, windowOf } from "./window.js";

export function Recover({ subscription, onClose }) {
  return (
    <Again
      title="Recover failed deliveries"
      what="Recover"
      path={`/v1/subscriptions/${subscription.id}/recover`}
      since={subscription.failingSince}
      onClose={onClose}
    >
      {() => <p class="soft">Deliveries of this time that have failed begin their schedule anew.</p>}
    </Again>
  );
}

export function Replay({ subscription, onClose }) {
  const { data } = useLive("/v1/subscriptions?limit=250", { every: 0 });
  const others = (data?.data ?? []).filter(({ id }) => id !== subscription.id);
  const from = [
    ["", "Everything that was posted"],
    [subscription.id, "What this subscription got"],
    ...others.map(({ id, name, url }) => [id, `What ${name || hostOf(url)} got`]),
  ];
  return (
    <Again
      title="Replay events"
      what="Replay"
      path={`/v1/subscriptions/${subscription.id}/replay`}
      since={subscription.failingSince}
      more={{ types: [], from: "" }}
      body={({ types, from }) => ({ ...(types.length > 0 ? { types } : {}), ...(from ? { from } : {}) })}
      check={({ types }) => ({ types: types.some(patternFault) ? types.map(patternFault).find(Boolean) : undefined })}
      onClose={onClose}
    >
      {(field) => (
        <>
          <p class="soft">
            Events of this time that its own types and filter want are delivered to it, as new deliveries. What is
            replayed twice is delivered twice.
          </p>
          <SelectField {...field("from")} label="Events" options={from} />
          <Chips
            {...field("types")}
            label="Types"
            optional
            placeholder="All that it gets"
            check={patternFault}
            parts={/[\s,]+/}
          />
        </>
      )}
    </Again>
  );
}

function Again({ title, what, path, since, more = {}, body = () => ({}), check = () => ({}), onClose, children }) {
  const form = useForm({
    initial: { window: "86400", since: since ? local(since) : "", until: "", ...more },
    check: (values) => ({ ...windowFaults(values), ...check(values) }),
    submit: async (values) => {
      const { operation } = await post(path, { ...windowOf(values), ...body(values) });
      go(`/operations/${operation}`);
    },
  });
  const { field, values } = form;
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" form="again" kind="primary" busy={form.busy}>
        {what}
      </Button>
    </>
  );
  return (
    <Dialog title={title} onClose={onClose} footer={footer}>
      <form id="again" {...form.form} class="stack">
        {children(field)}
        <SelectField {...field("window")} label="Time" options={WINDOWS} />
        {values.window === "own" && (
          <div class="subs-halves">
            <TextField {...field("since")} label="Since" type="datetime-local" step="1" required />
            <TextField {...field("until")} label="Until" type="datetime-local" step="1" optional />
          </div>
        )}
        <FormProblem of={form} />
      </form>
    </Dialog>
  );
}
