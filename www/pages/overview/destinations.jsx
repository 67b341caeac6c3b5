// Where deliveries go: what fails comes first, as the API sorts it.
import { percent, whole } from "../../lib/format.js";
import { href, refine } from "../../lib/router.js";
import { can } from "../../lib/session.js";
import { Button } from "../../ui/button.jsx";
import { Due } from "../../ui/due.jsx";
import { Panel } from "../../ui/page.jsx";
import { DataTable } from "../../ui/table.jsx";
import { Status, Time } from "../../ui/text.jsx";

/** How many are shown until somebody wants to see all. */
export const FEW = 6;
const MOST = 100;

export function Destinations({ shown, count, isWhole, named, words }) {
  const all = `Show all ${count}${count === MOST ? " or more" : ""}`;
  const toggle = count > FEW && (
    <Button kind="plain" small aria-expanded={isWhole} onClick={() => refine({ destinations: isWhole ? null : "all" })}>
      {isWhole ? `Show ${FEW}` : all}
    </Button>
  );
  return (
    <Panel title="Destinations" actions={toggle || <span class="soft small">What fails comes first</span>}>
      {count === 0 ? (
        <p class="over-none">Nothing went out in {words}.</p>
      ) : (
        <DataTable
          class="over-destinations"
          columns={[
            "Destination",
            "State",
            ["Success", "right"],
            ["Failed", "right"],
            ["Waiting", "right"],
            ["Next try", "right"],
          ]}
        >
          {shown.map((one) => (
            <Row key={idOf(one) ?? "urls"} of={one} known={named(idOf(one))} />
          ))}
        </DataTable>
      )}
    </Panel>
  );
}

const idOf = ({ subscription, source }) => subscription ?? source;

function Row({ of, known }) {
  return (
    <tr>
      <td class="named">
        <Named of={of} known={known} />
      </td>
      <td>
        <State of={of} known={known} />
      </td>
      <td class="right number">{percent(of.successRate)}</td>
      <td class={`right number ${of.counts.failed > 0 ? "over-ill" : "soft"}`}>{whole(of.counts.failed)}</td>
      <td class={`right number ${of.waiting > 0 ? "" : "soft"}`}>{whole(of.waiting)}</td>
      <td class="right number over-nowrap">{of.retryAt ? <Due at={of.retryAt} /> : <span class="soft">–</span>}</td>
    </tr>
  );
}

function Named({ of, known }) {
  const id = idOf(of);
  if (!id) return <span>URLs that events name themselves</span>;
  const url = of.source ? known?.origin : known?.url;
  // Not its URL for a moment and then its name.
  const name = known === undefined ? "…" : (known?.name ?? bare(url) ?? id);
  const kind = of.source ? "sources" : "subscriptions";
  return (
    <>
      {can(`${kind}:read`) ? (
        <a class="whole cut" href={href(`/${kind}/${id}`)} title={known?.name ?? url ?? id}>
          {name}
        </a>
      ) : (
        <span class="cut" title={id}>
          {name}
        </span>
      )}
      <span class="soft cut" title={url}>
        {of.source && "source "}
        {known?.name && bare(url)}
      </span>
    </>
  );
}

/** What tells URLs from each other. */
const bare = (url) => url?.replace(/^https:\/\//, "");

function State({ of, known }) {
  const status = known?.status ?? "active";
  if (status === "disabled") return <Status of="disabled" />;
  if (of.circuit !== "closed" || of.failingSince) {
    return (
      <>
        <Status of="failing" />
        <span class="since soft number">
          {of.circuit === "open" ? "spared since" : "since"} <Time at={of.failingSince} />
        </span>
      </>
    );
  }
  return <Status of={status} />;
}
