// How far an operation is, in place.
import { useEffect, useState } from "preact/hooks";
import { post } from "../../lib/api.js";
import { whole } from "../../lib/format.js";
import { useLive } from "../../lib/live.js";
import { href } from "../../lib/router.js";
import { can } from "../../lib/session.js";
import { Button, ButtonLink } from "../../ui/button.jsx";
import { Confirm } from "../../ui/dialog.jsx";
import { Refused } from "../../ui/say.jsx";
import { Status } from "../../ui/text.jsx";

const DOING = { retry: "Retrying", recover: "Recovering", cancel: "Cancelling", replay: "Replaying" };
const DONE = { retry: "Retried", recover: "Recovered", cancel: "Cancelled", replay: "Replayed" };

/** An operation that is watched. `onStep` is told of each step that it makes. */
export function Progress({ id, onStep, onClose }) {
  const [isOver, setOver] = useState(false);
  const live = useLive(`/v1/operations/${id}`, { every: isOver ? 30_000 : 1_000 });
  const { data, problem } = live;
  useEffect(() => {
    if (!data) return;
    setOver(data.status !== "running");
    onStep?.();
  }, [data?.status, data?.done]);
  if (!data) {
    return problem ? (
      <section class="panel">
        <Refused problem={problem} again={live.refresh} />
      </section>
    ) : null;
  }
  const words = data.status === "running" ? DOING : DONE;
  return (
    <section class="panel op-progress" aria-label="Operation">
      <div class="row apart">
        <div class="row">
          <Status of={data.status} />
          <strong>{words[data.kind]}</strong>
          <Numbers of={data} />
        </div>
        <div class="row">
          <ButtonLink kind="plain" small href={href(`/operations/${id}`)}>
            Details
          </ButtonLink>
          {data.status === "running" ? (
            <Stop id={id} refresh={live.refresh} />
          ) : (
            <Button kind="plain" small onClick={onClose}>
              Dismiss
            </Button>
          )}
        </div>
      </div>
      <Bar of={data} />
      {data.detail && <p class="small">{data.detail}</p>}
    </section>
  );
}

/** `300 of 1,234, 2 without a body`. */
export function Numbers({ of: { matched, done, failed } }) {
  return (
    <span class="number">
      {whole(done)} of {whole(matched)}
      {failed > 0 && <span class="soft">, {whole(failed)} no longer kept</span>}
    </span>
  );
}

export function Bar({ of: { kind, status, matched, done, failed } }) {
  // What moved on by itself is in neither, and what has ended is done.
  const all = Math.max(matched, 1);
  const isDone = status === "done";
  const width = (count) => ({ width: `${Math.min(100, (count / all) * 100)}%` });
  return (
    <div
      class="op-bar"
      role="progressbar"
      aria-label={`Progress of ${kind}`}
      aria-valuemin={0}
      aria-valuemax={all}
      aria-valuenow={isDone ? all : Math.min(all, done + failed)}
    >
      <span class="good" style={isDone && failed === 0 ? { width: "100%" } : width(done)} />
      <span class="bad" style={width(failed)} />
    </div>
  );
}

/** Stops an operation, once somebody says that it is meant. */
export function Stop({ id, refresh }) {
  const [isAsking, setAsking] = useState(false);
  if (!can("deliveries:write")) return null;
  return (
    <>
      <Button kind="danger" small onClick={() => setAsking(true)}>
        Stop
      </Button>
      {isAsking && (
        <Confirm
          title="Stop this operation"
          what="Stop operation"
          danger
          run={async () => {
            await post(`/v1/operations/${id}/stop`);
            await refresh();
          }}
          onClose={() => setAsking(false)}
        >
          <p>What it has done stays done. It can't go on later; a new one can be started.</p>
        </Confirm>
      )}
    </>
  );
}
