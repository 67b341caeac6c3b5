// Recovering one subscription: what failed since some time is tried again.
import { useState } from "preact/hooks";
import { post } from "../../lib/api.js";
import { useLive } from "../../lib/live.js";
import { Confirm } from "../../ui/dialog.jsx";
import { Segments, TextField } from "../../ui/field.jsx";
import { Time } from "../../ui/text.jsx";
import { fromLocal, local, TIMES } from "./filters.js";

const CHOICES = [
  ["1h", "Last hour"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
  ["custom", "Since …"],
];

export function Recover({ subscription, known, onStarted, onClose }) {
  const [chosen, setChosen] = useState("24h");
  const [typed, setTyped] = useState(local(new Date(Date.now() - TIMES["24h"])));
  const { data: health } = useLive(`/v1/subscriptions/${subscription}/health`, { every: 0 });
  const since = () => (chosen === "custom" ? fromLocal(typed) : new Date(Date.now() - TIMES[chosen]).toISOString());
  const run = async () => {
    if (since() === null) throw new Error("Say since when.");
    onStarted(await post(`/v1/subscriptions/${subscription}/recover`, { since: since() }));
  };
  return (
    <Confirm title="Recover a subscription" what="Recover" run={run} onClose={onClose}>
      <p>
        What failed for <strong>{known.names.get(subscription) ?? subscription}</strong> is tried again, and begins its
        schedule of attempts anew. Choose since when.
      </p>
      <div>
        <Segments label="Since" options={CHOICES} value={chosen} onInput={setChosen} />
      </div>
      {chosen === "custom" && (
        <TextField label="Created since" type="datetime-local" value={typed} onInput={setTyped} />
      )}
      {health?.failingSince && (
        <p class="soft small">
          Its attempts have been failing, the first of them <Time at={health.failingSince} />. Mend the receiver first.
        </p>
      )}
    </Confirm>
  );
}
