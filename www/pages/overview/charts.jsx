// Deliveries over time, and how long they took.
import { compact, duration, percent, whole } from "../../lib/format.js";
import { Frame } from "./frame.jsx";
import { countTicks, durationTicks } from "./ticks.js";
import { between } from "./times.js";

export const STATUSES = ["delivered", "failed", "pending", "cancelled"];
/** From the bottom of a column to its top: what went wrong is on top, where it is seen. */
const STACKED = ["delivered", "pending", "cancelled", "failed"];

const totalOf = (part) => STATUSES.reduce((sum, status) => sum + part.counts[status], 0);

export function DeliveriesChart({ parts, at, onAt }) {
  const ticks = countTicks(Math.max(...parts.map(totalOf)));
  return (
    <Frame
      label="Deliveries over time"
      {...{ parts, ticks, at, onAt, spoken }}
      written={compact}
      height={224}
      told={(part) => <Counts of={part} />}
    >
      {(scale) =>
        parts.map((part, n) => <Column key={part.since} part={part} x={scale.x(n)} step={scale.step} y={scale.y} />)
      }
    </Frame>
  );
}

/** Whatever there is of a status can be seen, however little it is beside the rest. */
const SEEN = 2;

function Column({ part, x, step, y }) {
  const gap = step > 5 ? Math.min(4, step * 0.2) : 0.5;
  let top = y(0);
  return STACKED.filter((status) => part.counts[status] > 0).map((status) => {
    const height = Math.max(SEEN, y(0) - y(part.counts[status]));
    top -= height;
    return <rect key={status} class={status} x={x + gap / 2} width={Math.max(1, step - gap)} y={top} height={height} />;
  });
}

function spoken(part) {
  const some = STATUSES.filter((status) => part.counts[status] > 0);
  if (some.length === 0) return "no deliveries";
  return some.map((status) => `${whole(part.counts[status])} ${status}`).join(", ");
}

function Counts({ of: part }) {
  if (totalOf(part) === 0) return <span class="soft">No deliveries</span>;
  return (
    <dl>
      {STATUSES.filter((status) => part.counts[status] > 0).map((status) => (
        <div key={status}>
          <dt>
            <i class={`over-swatch ${status}`} />
            {status}
          </dt>
          <dd>{whole(part.counts[status])}</dd>
        </div>
      ))}
      <div>
        <dt>success rate</dt>
        <dd>{percent(part.successRate)}</dd>
      </div>
    </dl>
  );
}

export function LatencyChart({ parts, at, onAt }) {
  const ticks = durationTicks(Math.max(1, ...parts.map(({ latencyMs }) => latencyMs?.p95 ?? 0)), 3);
  return (
    <Frame
      label="Latency over time"
      {...{ parts, ticks, at, onAt }}
      written={(tick) => (tick === 0 ? "0" : duration(tick))}
      height={224}
      spoken={({ latencyMs }) => (latencyMs ? `p95 ${duration(latencyMs.p95)}` : "nothing delivered")}
      told={(part) => <Latency of={part.latencyMs} />}
    >
      {({ x, y, step }) =>
        runs(parts).map((run) => {
          const points = run.map((n) => `${x(n) + step / 2},${y(parts[n].latencyMs.p95)}`);
          const [only] = points[0].split(",");
          return run.length > 1 ? (
            <polyline key={run[0]} class="line" points={points.join(" ")} />
          ) : (
            <circle key={run[0]} class="point" cx={only} cy={y(parts[run[0]].latencyMs.p95)} r="2" />
          );
        })
      }
    </Frame>
  );
}

/** The parts in which something was delivered, by those that follow each other: a line leads over nothing else. */
function runs(parts) {
  const runs = [];
  for (const [n, { latencyMs }] of parts.entries()) {
    if (!latencyMs) continue;
    if (n > 0 && parts[n - 1].latencyMs) runs.at(-1).push(n);
    else runs.push([n]);
  }
  return runs;
}

function Latency({ of }) {
  if (!of) return <span class="soft">Nothing delivered</span>;
  return (
    <dl>
      {["p50", "p95", "p99"].map((name) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{duration(of[name])}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The same to those who can't see it. */
export function AsTable({ parts }) {
  return (
    <div class="unseen">
      <table>
        <caption>Deliveries by status and latency over time</caption>
        <thead>
          <tr>
            {["Time", ...STATUSES, "success rate", "latency p95"].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {parts.map((part) => (
            <tr key={part.since}>
              <th scope="row">{between(part)}</th>
              {STATUSES.map((status) => (
                <td key={status}>{whole(part.counts[status])}</td>
              ))}
              <td>{percent(part.successRate)}</td>
              <td>{duration(part.latencyMs?.p95)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
