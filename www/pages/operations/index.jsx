// What is done to many deliveries in the background, and one of these in a drawer.
import { useState } from "preact/hooks";
import { withQuery } from "../../lib/api.js";
import { exact } from "../../lib/format.js";
import { useLive } from "../../lib/live.js";
import { go, href, place } from "../../lib/router.js";
import { ButtonLink } from "../../ui/button.jsx";
import { Dialog } from "../../ui/dialog.jsx";
import { Page } from "../../ui/page.jsx";
import { Empty, Shown } from "../../ui/say.jsx";
import { DataTable } from "../../ui/table.jsx";
import { Id, Status, Time } from "../../ui/text.jsx";
import { useDestinations } from "../deliveries/destinations.js";
import { Bar, Numbers, Stop } from "./progress.jsx";
import "./operations.css";

const KINDS = { retry: "Retry", recover: "Recover", cancel: "Cancel", replay: "Replay" };
const EVERY = { running: 1_500, still: 10_000 };

export function Operations({ id }) {
  const cursor = place.value.query.get("cursor");
  const [isRunning, setRunning] = useState(false);
  const path = withQuery("/v1/operations", { limit: 50, cursor });
  const live = useLive(path, { every: isRunning ? EVERY.running : EVERY.still });
  const runs = live.data?.data.some(({ status }) => status === "running") ?? false;
  if (runs !== isRunning) setRunning(runs);
  const { names } = useDestinations(live.data?.data.map(({ subscription }) => subscription));
  return (
    <Page title="Operations">
      <section class="panel">
        <Shown of={live} lines={6}>
          {({ data, nextCursor }) =>
            data.length > 0 ? (
              <>
                <List of={data} names={names} cursor={cursor} />
                <Pages cursor={cursor} next={nextCursor} />
              </>
            ) : (
              <Empty title="No operations yet">
                Retrying, cancelling, recovering or replaying many deliveries at once is an operation. Begin one from
                the list of deliveries.
              </Empty>
            )
          }
        </Shown>
      </section>
      {id && <One id={id} names={names} onClose={() => go("/operations", { cursor })} />}
    </Page>
  );
}

function List({ of, names, cursor }) {
  return (
    <DataTable class="op-table" columns={["Status", "Kind", "Progress", "Subscription", "Created", "Completed"]}>
      {of.map((one) => (
        <tr key={one.id}>
          <td>
            <Status of={one.status} />
          </td>
          <td>
            <a class="whole" href={href(`/operations/${one.id}`, { cursor })}>
              {KINDS[one.kind] ?? one.kind}
            </a>
            {one.detail && <div class="soft op-detail">{one.detail}</div>}
          </td>
          <td class="op-far">
            <Numbers of={one} />
            <Bar of={one} />
          </td>
          <td class="cut">
            <Subscription id={one.subscription} names={names} />
          </td>
          <td class="number">
            <Time at={one.createdAt} />
          </td>
          <td class="number">
            <Time at={one.completedAt} />
          </td>
        </tr>
      ))}
    </DataTable>
  );
}

function Subscription({ id, names }) {
  if (!id) return <span class="soft">Many</span>;
  return (
    <a href={href(`/subscriptions/${id}`)}>
      {names.get(id) ?? (
        <code>
          {id.slice(0, 4)}…{id.slice(-6)}
        </code>
      )}
    </a>
  );
}

function Pages({ cursor, next }) {
  if (!cursor && !next) return null;
  return (
    <footer class="row op-pages">
      {cursor && (
        <ButtonLink small href={href("/operations")}>
          Newest
        </ButtonLink>
      )}
      {next && (
        <ButtonLink small href={href("/operations", { cursor: next })}>
          Older
        </ButtonLink>
      )}
    </footer>
  );
}

function One({ id, names, onClose }) {
  const [isRunning, setRunning] = useState(true);
  const live = useLive(`/v1/operations/${id}`, { every: isRunning ? 1_000 : 30_000 });
  const runs = live.data ? live.data.status === "running" : true;
  if (runs !== isRunning) setRunning(runs);
  return (
    <Dialog title="Operation" drawer onClose={onClose}>
      <Shown of={live}>{(operation) => <Whole of={operation} names={names} refresh={live.refresh} />}</Shown>
    </Dialog>
  );
}

function Whole({ of, names, refresh }) {
  return (
    <div class="stack">
      <div class="row apart">
        <div class="row">
          <Status of={of.status} />
          <strong>{KINDS[of.kind] ?? of.kind}</strong>
        </div>
        {of.status === "running" && <Stop id={of.id} refresh={refresh} />}
      </div>
      <div class="stack tight">
        <Bar of={of} />
        <Numbers of={of} />
      </div>
      <p class="soft small">{MEANT[of.kind]}</p>
      {of.detail && <p>{of.detail}</p>}
      <dl class="facts">
        <dt>Operation</dt>
        <dd>
          <Id of={of.id} whole what="operation id" />
        </dd>
        <dt>Subscription</dt>
        <dd>
          <Subscription id={of.subscription} names={names} />
        </dd>
        <dt>Created</dt>
        <dd>{exact(of.createdAt)}</dd>
        <dt>Completed</dt>
        <dd>{of.completedAt ? exact(of.completedAt) : "–"}</dd>
      </dl>
      {of.subscription && (
        <div>
          <ButtonLink href={href("/deliveries", { subscription: of.subscription })}>
            The subscription's deliveries
          </ButtonLink>
        </div>
      )}
    </div>
  );
}

const SENT = "Each one counted is on its way again. How it goes stands in its own history.";
const MEANT = {
  retry: SENT,
  recover: SENT,
  cancel: "Each one counted was called off. What went out before stays as it is.",
  replay: "Each event counted is on its way as a new delivery.",
};
