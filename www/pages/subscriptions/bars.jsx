// How many deliveries each hour had, and how they ended.
import { whole } from "../../lib/format.js";

const KINDS = ["cancelled", "pending", "failed", "delivered"];
const HOUR = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

const sum = (counts) => KINDS.reduce((all, kind) => all + counts[kind], 0);

export function Bars({ series }) {
  const most = Math.max(...series.map(({ counts }) => sum(counts)));
  if (most === 0) return null;
  const busiest = series.find(({ counts }) => sum(counts) === most);
  return (
    <figure class="subs-bars">
      <div role="img" aria-label={`Deliveries by hour; most at ${inWords(busiest)}`}>
        {series.map((part) => (
          <span key={part.since} title={inWords(part)}>
            {KINDS.filter((kind) => part.counts[kind] > 0).map((kind) => (
              <i key={kind} class={kind} style={{ height: `${(part.counts[kind] / most) * 100}%` }} />
            ))}
          </span>
        ))}
      </div>
      <figcaption class="row apart">
        <span>{HOUR.format(new Date(series[0].since))}</span>
        <span>now</span>
      </figcaption>
    </figure>
  );
}

/** `14:00, 12 delivered, 1 failed`. */
function inWords({ since, counts }) {
  const named = [...KINDS].reverse().filter((kind) => counts[kind] > 0);
  const words = named.map((kind) => `${whole(counts[kind])} ${kind}`);
  return [HOUR.format(new Date(since)), ...(words.length > 0 ? words : ["none"])].join(", ");
}
