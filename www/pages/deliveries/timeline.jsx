// Every attempt of a delivery, and what comes next.
import { CircleCheck, CircleX, Clock, Hand } from "lucide";
import { bytes, duration, exact } from "../../lib/format.js";
import { useLive } from "../../lib/live.js";
import { href } from "../../lib/router.js";
import { can } from "../../lib/session.js";
import { Icon } from "../../ui/icon.jsx";
import { Body, now, Time } from "../../ui/text.jsx";
import { advice, countdown, isSuccess, nth, outcome, remark, TRIGGERS } from "./words.js";

export function Timeline({ of, isAwaited }) {
  return (
    <ol class="dl-timeline" aria-label="Attempts">
      {of.attempts.map((attempt) => (
        <Attempt key={attempt.number} of={attempt} />
      ))}
      {isAwaited && (
        <Point icon={Hand} kind="wait">
          <strong>An attempt by hand is under way</strong>
        </Point>
      )}
      <Next of={of} />
    </ol>
  );
}

function Point({ icon, kind, children }) {
  return (
    <li>
      <span class={`dl-point ${kind}`}>
        <Icon of={icon} />
      </span>
      <div class="stack tight">{children}</div>
    </li>
  );
}

function Attempt({ of }) {
  const { number, trigger, startedAt, durationMs, responseBody, responseBodyTruncated } = of;
  const good = isSuccess(of);
  return (
    <Point icon={good ? CircleCheck : CircleX} kind={good ? "good" : "bad"}>
      <div class="row apart">
        <strong>{outcome(of)}</strong>
        <span class="soft small number">
          <Time at={startedAt} />
        </span>
      </div>
      <p class="soft small number">
        Attempt {number} · {TRIGGERS[trigger] ?? trigger} · {exact(startedAt)} · took {duration(durationMs)}
      </p>
      {remark(of) && <p class="small">{remark(of)}</p>}
      {responseBody && <Body text={responseBody} label={`Answer to attempt ${number}`} />}
      {responseBodyTruncated && <p class="soft small">Only the first {bytes(16_384)} of the answer are kept.</p>}
    </Point>
  );
}

function Next({ of }) {
  const last = of.attempts.at(-1);
  if (of.status === "pending") return <Coming of={of} />;
  if (of.status === "failed") {
    return (
      <Point icon={CircleX} kind="bad">
        <strong>No more attempts: failed for good</strong>
        <p class="small">{advice(last)}</p>
      </Point>
    );
  }
  if (of.status === "cancelled") {
    return (
      <Point icon={CircleX} kind="">
        <strong>Called off</strong>
        <p class="small">No attempt follows by schedule. You can retry it by hand.</p>
      </Point>
    );
  }
  const total = Date.parse(of.completedAt) - Date.parse(of.createdAt);
  return (
    <Point icon={CircleCheck} kind="good">
      <strong>Delivered in {duration(total)}</strong>
    </Point>
  );
}

function Coming({ of }) {
  const left = of.nextAttemptAt ? Math.max(0, Date.parse(of.nextAttemptAt) - now.value) : 0;
  const held = useHeld(of, left <= 0);
  return (
    <Point icon={Clock} kind="wait">
      <strong class="number">
        {nth(of)} {left > 0 ? `in ${countdown(left)}` : held ? "is held" : "is under way or next in line"}
      </strong>
      {held && <p class="small">{held}</p>}
    </Point>
  );
}

/** Why an attempt that is due is not made, where its subscription says so. */
function useHeld({ subscription }, isDue) {
  const path = isDue && subscription && can("subscriptions:read") ? `/v1/subscriptions/${subscription}` : null;
  const { data } = useLive(path);
  const { data: health } = useLive(path && `${path}/health`);
  const link = <a href={href(`/subscriptions/${subscription}`)}>the subscription</a>;
  if (data?.status === "paused") return <>It is paused. Resume {link} to send.</>;
  if (data?.status === "disabled") return <>It is disabled. Mend the receiver, then resume {link}.</>;
  if (health && health.circuit !== "closed") {
    return (
      <>
        The destination is spared: its attempts have been failing, the first of them <Time at={health.failingSince} />.
        {health.retryAt && (
          <>
            {" "}
            One attempt to see is made <Time at={health.retryAt} />.
          </>
        )}
      </>
    );
  }
  return null;
}
