// How a subscription does: its destination's health, the figures of a day, its latest deliveries, how it is set up.

import { useEffect } from "preact/hooks";
import { post } from "../../lib/api.js";
import { duration, exact, percent, whole } from "../../lib/format.js";
import { useAction, useLive } from "../../lib/live.js";
import { href } from "../../lib/router.js";
import { can } from "../../lib/session.js";
import { Button } from "../../ui/button.jsx";
import { Due } from "../../ui/due.jsx";
import { Panel } from "../../ui/page.jsx";
import { Empty, Notice, Shown } from "../../ui/say.jsx";
import { DataTable } from "../../ui/table.jsx";
import { Id, Status, Time } from "../../ui/text.jsx";
import { Bars } from "./bars.jsx";
import { Events } from "./list.jsx";

export function Overview({ subscription, refresh }) {
  const mayRead = can("deliveries:read");
  return (
    <div class="stack wide">
      <Held of={subscription} refresh={refresh} />
      {mayRead ? (
        <div class="subs-beside">
          <div class="stack wide">
            <Health of={subscription} />
            <Day of={subscription} />
          </div>
          <Setup of={subscription} />
        </div>
      ) : (
        <Setup of={subscription} />
      )}
      {mayRead && <Latest of={subscription} />}
    </div>
  );
}

/** Why nothing goes out, and what to do. */
function Held({ of: { id, status, disabledReason, failingSince }, refresh }) {
  const { busy, problem, run } = useAction(async () => {
    await post(`/v1/subscriptions/${id}/resume`);
    await refresh();
  });
  if (status === "active") return null;
  const isDisabled = status === "disabled";
  return (
    <Notice kind={isDisabled ? "bad" : "wait"}>
      <div class="subs-held">
        {!isDisabled && "Paused: what comes in is recorded and held until you resume."}
        {isDisabled && disabledReason === "gone" && (
          <>
            Disabled because the destination answered 410 Gone: it wants no more. New events are not matched; what was
            pending is held. If that was a mistake, mend the receiver, or change the URL, then resume.
          </>
        )}
        {isDisabled && disabledReason !== "gone" && (
          <>
            Disabled because nothing was taken for days
            {failingSince && `, since ${exact(failingSince)}`}. New events are not matched; what was pending is held.
            Send a test until the receiver takes it, then resume: what is held goes out. What was missed meanwhile can
            be replayed.
          </>
        )}
        {problem && <p>{problem.message}</p>}
      </div>
      {can("subscriptions:write") && (
        <Button small busy={busy} onClick={run}>
          Resume
        </Button>
      )}
    </Notice>
  );
}

function Health({ of: { id, status } }) {
  const health = useLive(`/v1/subscriptions/${id}/health`);
  // What was paused or resumed is not as it was a moment ago.
  useEffect(() => {
    health.refresh();
  }, [status]);
  return (
    <Panel title="Destination">
      <div class="panel-inside">
        <Shown of={health} lines={2}>
          {(data) => (
            <div class="stack tight">
              <InWords of={data} isActive={status === "active"} />
              <p class="soft">
                {data.waiting === 0
                  ? "No delivery is"
                  : data.waiting === 1
                    ? "1 delivery is"
                    : `${whole(data.waiting)} deliveries are`}{" "}
                pending.
              </p>
            </div>
          )}
        </Shown>
      </div>
    </Panel>
  );
}

function InWords({ of: { circuit, failingSince, consecutiveFailures, retryAt, waiting }, isActive }) {
  const began = (
    <>
      It began to fail <Time at={failingSince} />
    </>
  );
  if (circuit === "open") {
    return (
      <p>
        <Status of="failing" as="spared" /> {began}, {whole(consecutiveFailures)} attempts failed in a row: nothing goes
        out by schedule.{" "}
        {retryAt && isActive && (
          <>
            Next try <Time at={retryAt} />. What is sent by hand goes out all the same.
          </>
        )}
      </p>
    );
  }
  if (circuit === "half-open") {
    return (
      <p>
        {waiting > 0 ? <Status of="running" as="trying" /> : <Status of="failing" as="last failed" />} {began}.{" "}
        {waiting > 0 ? "One attempt is being made to see." : "The next delivery is tried alone, to see."}
      </p>
    );
  }
  if (consecutiveFailures > 0) {
    const last =
      consecutiveFailures === 1 ? "The last attempt" : `The last ${whole(consecutiveFailures)} attempts in a row`;
    return (
      <p>
        <Status of="failing" as="last failed" /> {began}. {last} failed.
        {isActive && " Deliveries are tried again by their schedule."}
      </p>
    );
  }
  return (
    <p>
      <Status of="healthy" /> {isActive ? "Everything goes out." : "Nothing failed last."}
    </p>
  );
}

function Day({ of: { id } }) {
  const stats = useLive(`/v1/subscriptions/${id}/stats?interval=3600`, { every: 10_000 });
  return (
    <Panel title="Last 24 hours">
      <div class="panel-inside">
        <Shown of={stats} lines={2}>
          {({ counts, attempts, successRate, latencyMs, series }) => (
            <div class="stack">
              <dl class="subs-figures">
                <Figure name="Success rate" value={percent(successRate)} />
                <Figure name="Delivered" value={whole(counts.delivered)} />
                <Figure name="Failed" value={whole(counts.failed)} isBad={counts.failed > 0} />
                <Figure name="Pending" value={whole(counts.pending)} />
                <Figure name="Attempts" value={whole(attempts)} />
                <Figure name="Latency, p50" value={duration(latencyMs?.p50)} />
                <Figure name="Latency, p95" value={duration(latencyMs?.p95)} />
              </dl>
              {series && <Bars series={series} />}
            </div>
          )}
        </Shown>
      </div>
    </Panel>
  );
}

function Figure({ name, value, isBad = false }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={`number${isBad ? " subs-poor" : ""}`}>{value}</dd>
    </div>
  );
}

function Setup({ of }) {
  const { id, url, events, filter, profile, headers, rateLimit, concurrency, ordered, shards, metadata } = of;
  const pace = [
    rateLimit && `${rateLimit.perSecond} attempts a second`,
    concurrency && `${concurrency} at once`,
    shards > 1 && `${shards} shards`,
    ordered && "in order",
  ].filter(Boolean);
  const lines = [
    ["URL", <span class="mono">{url}</span>],
    ["Events", <Events of={events} most={100} />],
    ...Object.entries(filter).map(([key, values]) => [`If ${key}`, `is ${values.join(" or ")}`]),
    ["Profile", profile],
    ...Object.entries(headers ?? {}).map(([name, value]) => [name, <span class="mono">{value}</span>]),
    headers === null && ["Headers", "can't be read: an encryption key is missing"],
    pace.length > 0 && ["Pace", pace.join(", ")],
    of.publicKey && ["Public key", <span class="mono">{of.publicKey}</span>],
    Object.keys(metadata).length > 0 && ["Metadata", <code>{JSON.stringify(metadata)}</code>],
    ["Id", <Id of={id} whole />],
    ["Created", exact(of.createdAt)],
    of.updatedAt !== of.createdAt && ["Changed", exact(of.updatedAt)],
  ].filter(Boolean);
  return (
    <Panel title="Configuration">
      <div class="panel-inside">
        <dl class="facts small">
          {lines.map(([name, value], at) => (
            <>
              <dt key={`${at} name`}>{name}</dt>
              <dd key={`${at} value`}>{value}</dd>
            </>
          ))}
        </dl>
      </div>
    </Panel>
  );
}

function Latest({ of: { id } }) {
  const list = useLive(`/v1/deliveries?subscription=${id}&limit=10`);
  return (
    <Panel title="Latest deliveries" actions={<a href={href("/deliveries", { subscription: id })}>All deliveries</a>}>
      <Shown of={list}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="None yet">Send an event of a type that it gets, or a test.</Empty>
          ) : (
            <DataTable columns={["Event type", "Status", ["Attempts", "right"], "Accepted", "Next attempt"]}>
              {data.map((one) => (
                <tr key={one.id}>
                  <td>
                    <a class="whole" href={href(`/deliveries/${one.id}`)}>
                      {one.event.type}
                    </a>
                  </td>
                  <td>
                    <Status of={one.status} />
                  </td>
                  <td class="right number">{whole(one.attemptCount)}</td>
                  <td>
                    <Time at={one.createdAt} />
                  </td>
                  <td>
                    <Next of={one} />
                  </td>
                </tr>
              ))}
            </DataTable>
          )
        }
      </Shown>
    </Panel>
  );
}

/** When a pending one is tried next; what is overdue waits until its destination, its turn or its limit lets it. */
function Next({ of: { status, nextAttemptAt } }) {
  if (status !== "pending" || !nextAttemptAt) return <span class="soft">–</span>;
  return <Due at={nextAttemptAt} late="due" />;
}
