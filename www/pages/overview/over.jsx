// The window's course: deliveries and their latency, part by part.
import { useState } from "preact/hooks";
import { whole } from "../../lib/format.js";
import { href } from "../../lib/router.js";
import { can } from "../../lib/session.js";
import { ButtonLink } from "../../ui/button.jsx";
import { Panel } from "../../ui/page.jsx";
import { AsTable, DeliveriesChart, LatencyChart, STATUSES } from "./charts.jsx";
import "./charts.css";

export function Over({ of, words }) {
  // Both charts tell of the same part, whichever is pointed at.
  const [at, setAt] = useState(null);
  const parts = of.series;
  return (
    <div class="over-beside">
      <Panel title="Deliveries" actions={<Legend of={of} />}>
        <div class="over-charted">
          <DeliveriesChart parts={parts} at={at} onAt={setAt} />
          {of.total === 0 && <Nothing words={words} />}
        </div>
        <AsTable parts={parts} />
      </Panel>
      <Panel title="Latency" actions={<span class="soft small">95th percentile, to completion</span>}>
        <div class="over-charted">
          <LatencyChart parts={parts} at={at} onAt={setAt} />
        </div>
      </Panel>
    </div>
  );
}

/** What the colours mean, what each comes to, and the way to these deliveries. */
function Legend({ of }) {
  return (
    <ul class="over-legend number">
      {STATUSES.map((status) => (
        <li key={status}>
          <a href={href("/deliveries", { status, since: of.since, until: of.until })}>
            <i class={`over-swatch ${status}`} />
            {status} <strong>{whole(of.counts[status])}</strong>
          </a>
        </li>
      ))}
    </ul>
  );
}

function Nothing({ words }) {
  return (
    <div class="over-nothing">
      <p>No deliveries in {words}.</p>
      {can("events:write") && (
        <ButtonLink small href={href("/send")}>
          Send an event
        </ButtonLink>
      )}
    </div>
  );
}
