// Events to begin with: the last of each type that was sent here, and a few made up.
import { useState } from "preact/hooks";
import { get } from "../../lib/api.js";
import { useAction, useLive } from "../../lib/live.js";
import { can } from "../../lib/session.js";
import { Field } from "../../ui/field.jsx";
import { TEMPLATES } from "./templates.js";

export function Examples({ onPick }) {
  const { data } = useLive(can("deliveries:read") ? "/v1/deliveries?limit=100" : null, { every: 0 });
  const recent = lastOfEach(data?.data ?? []);
  const [picked, setPicked] = useState("");
  const { problem, run } = useAction(async (type, event) => {
    onPick(type);
    const { data } = await get(`/v1/events/${encodeURIComponent(event)}`);
    onPick(type, JSON.stringify(data, null, 2));
  });
  const pick = (value) => {
    setPicked(value);
    const [kind, at] = value.split(" ");
    if (kind === "recent") run(...recent[at]);
    else if (kind === "template") onPick(TEMPLATES[at][0], JSON.stringify(TEMPLATES[at][1], null, 2));
  };
  const hint = problem && `Its data can't be read: ${problem.message}`;
  return (
    <Field label="Begin with" hint={hint}>
      {(tied) => (
        <select {...tied} class="select" value={picked} onInput={(event) => pick(event.currentTarget.value)}>
          <option value="" selected={picked === ""}>
            An example
          </option>
          {recent.length > 0 && <Options label="Sent lately" kind="recent" types={recent} picked={picked} />}
          <Options label="Made up" kind="template" types={TEMPLATES} picked={picked} />
        </select>
      )}
    </Field>
  );
}

function Options({ label, kind, types, picked }) {
  return (
    <optgroup label={label}>
      {types.map(([type], at) => (
        <option key={type} value={`${kind} ${at}`} selected={picked === `${kind} ${at}`}>
          {type}
        </option>
      ))}
    </optgroup>
  );
}

/** `[type, event]`, the newest first; what Signet tells of itself, or tests with, nobody may send. */
function lastOfEach(deliveries) {
  const events = new Map();
  for (const { event, source } of deliveries) {
    const isOwn = source === null && !event.type.startsWith("signet.") && event.type !== "webhook.test";
    if (isOwn && !events.has(event.type)) events.set(event.type, event.id);
  }
  return [...events].slice(0, 12);
}
