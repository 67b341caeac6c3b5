// One delivery: what it is, how it went, what was sent.
import { ChevronDown, ChevronUp } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { useLive } from "../../lib/live.js";
import { href, place, refine } from "../../lib/router.js";
import { can } from "../../lib/session.js";
import { Button } from "../../ui/button.jsx";
import { Dialog } from "../../ui/dialog.jsx";
import { Segments } from "../../ui/field.jsx";
import { Shown } from "../../ui/say.jsx";
import { Id, Status, Time } from "../../ui/text.jsx";
import { Actions } from "./actions.jsx";
import { destination } from "./destinations.js";
import { EventPart } from "./event-part.jsx";
import { RequestPart } from "./request-part.jsx";
import { Timeline } from "./timeline.jsx";

const PARTS = [
  ["", "Attempts"],
  ["request", "Request"],
  ["event", "Event"],
];
/** How often it is read again, in ms: while it moves, and after. */
const SOON = 1_500;
const LATER = 15_000;
/** Of a payload that is large, less often. */
const LARGE = 100_000;

export function Drawer({ id, feed, names, open, onClose }) {
  const [moves, setMoves] = useState(false);
  const live = useLive(`/v1/deliveries/${id}`, { every: moves ? SOON : LATER });
  const { data } = live;
  // An attempt by hand is awaited: the one that is there says nothing of it until it has ended.
  const [awaited, setAwaited] = useState(null);
  const isAwaited = awaited?.id === id && data?.id === id && data.attemptCount < awaited.attempts;
  const isMoving = isAwaited || (data?.status === "pending" && (data.payload?.length ?? 0) < LARGE);
  useEffect(() => setMoves(isMoving), [isMoving]);
  useEffect(() => {
    if (!data || data.id !== id) return;
    const { payload, attempts, ...row } = data;
    if (feed.put(row)) feed.changed();
  }, [data]);

  const [newer, older] = [feed.beside(id, -1), feed.beside(id, 1)];
  useEffect(() => {
    const key = (event) => {
      const to = { k: newer, j: older }[event.key];
      if (!to || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest("input, select, textarea") || document.querySelectorAll("dialog[open]").length > 1)
        return;
      open(to.id);
    };
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  }, [newer?.id, older?.id]);

  // The list knows as much before the rest is there.
  const head = data ?? feed.beside(id, 0);
  const title = head ? (
    <span class="dl-title">
      <Status of={head.status} />
      <span class="cut">{head.event.type}</span>
    </span>
  ) : (
    "Delivery"
  );
  return (
    <Dialog title={title} drawer onClose={onClose}>
      <div class="stack">
        <Shown of={live} lines={8}>
          {(delivery) => (
            <>
              <div class="row apart">
                <Actions
                  of={delivery}
                  isAwaited={isAwaited}
                  onRetry={() => setAwaited({ id, attempts: delivery.attemptCount + 1 })}
                  refresh={live.refresh}
                />
                <div class="row dl-beside">
                  <Button
                    kind="plain"
                    small
                    icon={ChevronUp}
                    label="Newer delivery (k)"
                    disabled={!newer}
                    onClick={() => open(newer.id)}
                  />
                  <Button
                    kind="plain"
                    small
                    icon={ChevronDown}
                    label="Older delivery (j)"
                    disabled={!older}
                    onClick={() => open(older.id)}
                  />
                </div>
              </div>
              <Facts of={delivery} names={names} />
              <Parts of={delivery} isAwaited={isAwaited} names={names} />
            </>
          )}
        </Shown>
      </div>
    </Dialog>
  );
}

function Parts({ of, isAwaited, names }) {
  const shown = place.value.query.get("show") ?? "";
  return (
    <>
      <div>
        <Segments
          label="What is shown"
          options={PARTS}
          value={shown}
          onInput={(part) => refine({ show: part }, { replace: true })}
        />
      </div>
      {shown === "request" && <RequestPart key={of.id} of={of} />}
      {shown === "event" && <EventPart key={of.id} of={of} names={names} />}
      {shown === "" && <Timeline of={of} isAwaited={isAwaited} />}
    </>
  );
}

function Facts({ of, names }) {
  const { id, event, subscription, source, url, createdAt, completedAt } = of;
  const to = subscription
    ? can("subscriptions:read") && href(`/subscriptions/${subscription}`)
    : source && can("sources:read") && href(`/sources/${source}`);
  const name = destination(of, names);
  return (
    <dl class="facts">
      <dt>Delivery</dt>
      <dd>
        <Id of={id} whole what="delivery id" />
      </dd>
      <dt>Event</dt>
      <dd>
        <Id of={event.id} whole what="event id" />
      </dd>
      <dt>Destination</dt>
      <dd>
        {to ? <a href={to}>{name}</a> : name}
        {url && <div class="soft small">{url}</div>}
      </dd>
      <dt>Created</dt>
      <dd>
        <Time at={createdAt} />
      </dd>
      {completedAt && (
        <>
          <dt>Completed</dt>
          <dd>
            <Time at={completedAt} />
          </dd>
        </>
      )}
    </dl>
  );
}
