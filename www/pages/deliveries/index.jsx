// All deliveries, and one of them in a drawer beside.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { go, href, place, refine } from "../../lib/router.js";
import { can } from "../../lib/session.js";
import { Button, ButtonLink } from "../../ui/button.jsx";
import { Page } from "../../ui/page.jsx";
import { Empty, Loading, Refused } from "../../ui/say.jsx";
import { Progress } from "../operations/progress.jsx";
import { Bulk } from "./bulk.jsx";
import { useDestinations } from "./destinations.js";
import { Drawer } from "./drawer.jsx";
import { FilterBar } from "./filter-bar.jsx";
import { filtersOf, NAMES } from "./filters.js";
import { Table } from "./table.jsx";
import { useFeed } from "./use-feed.js";
import "./deliveries.css";

export function Deliveries({ id }) {
  const { query } = place.value;
  const filters = filtersOf(query);
  const operation = query.get("operation");
  const view = useRef({ isAway: false, from: 0, to: 0 });
  const { feed, isTurning } = useFeed(filters, view);
  const inView = feed.rows.slice(view.current.from, view.current.to + 1);
  const ids = inView.map(({ subscription, source }) => subscription ?? source);
  const known = useDestinations([filters.subscription, filters.source, ...ids], feed.isOpen);
  useMarks(feed);
  useTop(JSON.stringify(filters));

  // What of the address is the list's goes along to a delivery and back.
  const kept = Object.fromEntries([...NAMES, "operation"].map((name) => [name, query.get(name)]));
  const to = (id) => href(`/deliveries/${id}`, kept);
  const open = (id) => go(`/deliveries/${id}`, { ...kept, show: query.get("show") }, { replace: true });
  const stale = () => {
    feed.isStale = true;
  };
  return (
    <Page title="Deliveries" actions={can("deliveries:write") && <Bulk filters={filters} known={known} />}>
      <FilterBar filters={filters} known={known} types={typesOf(feed, known)} />
      {operation && (
        <Progress key={operation} id={operation} onStep={stale} onClose={() => refine({ operation: null })} />
      )}
      <div class="dl-list" aria-busy={isTurning || !feed.isOpen}>
        {feed.rows.length > 0 ? (
          <Table feed={feed} view={view} names={known.names} opened={id} at={to} />
        ) : (
          <None feed={feed} isNarrowed={Object.keys(filters).length > 0} />
        )}
      </div>
      {id && <Drawer id={id} feed={feed} names={known.names} open={open} onClose={() => go("/deliveries", kept)} />}
    </Page>
  );
}

function None({ feed, isNarrowed }) {
  if (feed.problem) {
    return (
      <section class="panel">
        <Refused problem={feed.problem} again={() => feed.more()} />
      </section>
    );
  }
  return (
    <section class="panel">{feed.isEnded ? <Nothing isNarrowed={isNarrowed} /> : <Looking feed={feed} />}</section>
  );
}

function Nothing({ isNarrowed }) {
  if (isNarrowed) {
    const clear = () => refine(Object.fromEntries(NAMES.map((name) => [name, null])));
    return (
      <Empty title="No delivery matches" action={<Button onClick={clear}>Clear filters</Button>}>
        Nothing in the history is like that. It may be older than what is kept.
      </Empty>
    );
  }
  const action = can("events:write") && (
    <ButtonLink href={href("/send")} kind="primary">
      Send an event
    </ButtonLink>
  );
  return (
    <Empty title="No deliveries yet" action={action}>
      An event makes one for each subscription that wants it. Subscribe to something, then send an event.
    </Empty>
  );
}

/** A page without rows is not the end of the list. */
function Looking({ feed }) {
  useEffect(() => {
    if (feed.isOpen && !feed.isReading) feed.more();
  });
  return <Loading lines={8} />;
}

/** Types to choose from: those that are in sight or subscribed to. */
function typesOf(feed, { subscriptions }) {
  const types = [
    ...feed.rows.slice(0, 200).map(({ event }) => event.type),
    ...subscriptions.flatMap(({ events }) => events ?? []),
  ];
  return [...new Set(types)].filter((type) => !type.endsWith("*")).sort();
}

/** Other filters make another list, and that begins at its top. */
function useTop(of) {
  const before = useRef(of);
  useEffect(() => {
    if (before.current !== of) scrollTo(0, 0);
    before.current = of;
  }, [of]);
}

/** How long it takes from the page's opening to rows that are drawn. */
function useMarks(feed) {
  const isMarked = useRef(false);
  useState(() => performance.mark("deliveries:opened"));
  useLayoutEffect(() => {
    if (isMarked.current || feed.rows.length === 0) return;
    isMarked.current = true;
    requestAnimationFrame(() => setTimeout(() => performance.mark("deliveries:drawn")));
  });
}
