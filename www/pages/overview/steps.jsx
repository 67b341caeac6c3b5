// What becomes of an event, as it is seen.
import { CircleCheck, CircleDashed, CircleX, Clock } from "lucide";
import { duration } from "../../lib/format.js";
import { Due } from "../../ui/due.jsx";
import { Icon } from "../../ui/icon.jsx";
import { Body, Id } from "../../ui/text.jsx";
import { outcome } from "../send/outcome.js";
import { Private } from "./advice.jsx";
import "./steps.css";

const ICONS = { done: CircleCheck, failed: CircleX, now: Clock, later: CircleDashed };
const WORDS = { done: "done", failed: "failed", now: "under way", later: "to come" };

export function Steps({ url, subscription, event, type, delivery }) {
  const attempt = delivery?.attempts?.at(-1);
  const isTaken = delivery?.status === "delivered";
  const after = (before, own) => (own ? "done" : before ? "now" : "later");
  return (
    <ol class="over-steps" aria-live="polite">
      <Step state={after(false, subscription || event)} title="Subscription made">
        <code class="send-wrapped">{url}</code>
      </Step>
      <Step state={after(subscription, event)} title="Event accepted">
        {event ? (
          <span class="row">
            202, <code>{type}</code> <Id of={event} what="event id" />
          </span>
        ) : (
          <code>{type}</code>
        )}
      </Step>
      <Step state={after(event, attempt)} title="Delivery attempted">
        {attempt && `Attempt ${attempt.number} of ${delivery.maxAttempts}, ${duration(attempt.durationMs)}`}
      </Step>
      <Step
        state={isTaken ? "done" : attempt ? "failed" : "later"}
        title={attempt ? told(attempt) : "Receiver answers"}
      >
        {attempt?.responseBody && <Body text={attempt.responseBody} label="answer" />}
        {attempt?.error === "blocked_address" && <Private url={url} />}
        {delivery?.status === "pending" && attempt && (
          <span>
            It is tried again <Due at={delivery.nextAttemptAt} />
          </span>
        )}
      </Step>
    </ol>
  );
}

const told = (attempt) => `Receiver ${outcome(attempt)}`;

function Step({ state, title, children }) {
  return (
    <li class={state}>
      <Icon of={ICONS[state]} />
      <div>
        <strong>{title}</strong>
        <span class="unseen">: {WORDS[state]}</span>
        {children && <div class="soft">{children}</div>}
      </div>
    </li>
  );
}
