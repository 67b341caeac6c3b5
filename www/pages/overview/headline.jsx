// The figures of all of the window.
import { compact, duration, percent, whole } from "../../lib/format.js";

export function Headline({ of }) {
  const { total, attempts, successRate, latencyMs } = of;
  const each = total > 0 ? Math.round((attempts / total) * 100) / 100 : null;
  return (
    <dl class="panel over-headline number">
      <Figure name="Deliveries" value={written(total)} exact={whole(total)} />
      <Figure name="Success rate" value={percent(successRate)} more={ended(of)} />
      <Figure name="Latency p50" value={duration(latencyMs?.p50)} />
      <Figure name="Latency p95" value={duration(latencyMs?.p95)} />
      <Figure name="Latency p99" value={duration(latencyMs?.p99)} />
      <Figure
        name="Attempts"
        value={written(attempts)}
        exact={whole(attempts)}
        more={each !== null && `${each} per delivery`}
      />
    </dl>
  );
}

const written = (count) => (count < 100_000 ? whole(count) : compact(count));

function ended({ counts: { delivered, failed } }) {
  return delivered + failed > 0 && `of ${written(delivered + failed)} that ended`;
}

function Figure({ name, value, exact, more }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd title={exact}>{value}</dd>
      {more && <dd class="more">{more}</dd>}
    </div>
  );
}
