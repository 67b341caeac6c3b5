// An event on its way: each of its deliveries, until it has come to its end.
import { useEffect, useRef } from "preact/hooks";
import { withQuery } from "../../lib/api.js";
import { duration, whole } from "../../lib/format.js";
import { useLive } from "../../lib/live.js";
import { href } from "../../lib/router.js";
import { can } from "../../lib/session.js";
import { ButtonLink } from "../../ui/button.jsx";
import { Due } from "../../ui/due.jsx";
import { Panel } from "../../ui/page.jsx";
import { Notice, Shown } from "../../ui/say.jsx";
import { Id, Status, Time } from "../../ui/text.jsx";
import { useNamed } from "../overview/names.js";
import { outcome } from "./outcome.js";
import { useUntil } from "./until.js";

const FEW = 8;
const PAGE = 100;

/** @param {{event: string, accepted: object | null}} props `accepted`: the answer to the call that sent it, where that was here */
export function Watch({ event, accepted }) {
  const element = useRef(null);
  useEffect(() => {
    // Below the form on narrow screens; whoever sent it wants to see it.
    if (accepted) element.current.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <div ref={element}>
      <Panel title={accepted ? "Sent" : "Sent before"} actions={<Id of={event} what="event id" />}>
        <p class="unseen" role="status">
          {accepted && `Accepted: ${deliveries(accepted.deliveries.length)}`}
        </p>
        {accepted?.duplicate && (
          <div class="panel-inside">
            <Notice kind="wait">
              An event with this id was accepted before, and this is the same: nothing was sent now. These are its
              deliveries of then.
            </Notice>
          </div>
        )}
        {can("deliveries:read") ? (
          <Deliveries event={event} count={accepted?.deliveries.length} />
        ) : (
          <p class="panel-inside">
            Accepted. {accepted && `It has ${deliveries(accepted.deliveries.length)}, which you can't see.`}
          </p>
        )}
      </Panel>
    </div>
  );
}

const deliveries = (count) => `${whole(count)} ${count === 1 ? "delivery" : "deliveries"}`;

function Deliveries({ event, count }) {
  const live = useUntil(withQuery("/v1/deliveries", { event, limit: PAGE }), paceOf);
  const all = live.data?.data ?? [];
  const shown = all.slice(0, FEW);
  const named = useNamed(shown.map(({ subscription, source }) => subscription ?? source).filter(Boolean));
  const isMore = all.length > FEW || live.data?.nextCursor;
  return (
    <Shown of={live} lines={2}>
      {() =>
        all.length === 0 ? (
          <Nobody event={event} isSure={count === 0} />
        ) : (
          <>
            <ul class="send-watched">
              {shown.map((one) => (
                <li key={one.id}>
                  <One of={one} known={named(one.subscription ?? one.source ?? "")} />
                </li>
              ))}
            </ul>
            {isMore && <Rest all={all} count={count ?? (live.data.nextCursor ? null : all.length)} event={event} />}
          </>
        )
      }
    </Shown>
  );
}

/** Nothing changes any more, something soon, or not for a while. */
function paceOf({ data }) {
  const pending = data.filter(({ status }) => status === "pending");
  if (data.length > 0 && pending.length === 0) return 0;
  const soon = Date.now() + 60_000;
  const isSoon = pending.some(({ nextAttemptAt }) => nextAttemptAt && Date.parse(nextAttemptAt) < soon);
  return isSoon || pending.length === 0 ? 1_000 : 5_000;
}

function One({ of, known }) {
  const attempt = useLastAttempt(of);
  const name = known === undefined ? "…" : (known?.name ?? of.url ?? of.id);
  return (
    <a href={href(`/deliveries/${of.id}`)}>
      <Status of={of.status} />
      <span class="what">
        <strong class="cut" title={of.url}>
          {name}
        </strong>
        <span class="soft">
          {attempt && `${outcome(attempt)} after ${duration(attempt.durationMs)}`}
          {!attempt && of.status === "pending" && reason(known)}
        </span>
      </span>
      <span class="when number">
        {of.status === "pending" ? <Due at={of.nextAttemptAt} /> : <Time at={of.completedAt} />}
        <span class="soft">
          {of.attemptCount === 0
            ? "not tried yet"
            : `attempt ${of.attemptCount} of ${Math.max(of.attemptCount, of.maxAttempts)}`}
        </span>
      </span>
    </a>
  );
}

/** Why what is due may wait all the same. */
function reason(known) {
  if (known?.status === "paused") return "paused: it waits until that is resumed";
  return known?.failingSince && "spared, because it takes nothing: tried again when it does";
}

/** How the last attempt ended, read again when there was another. */
function useLastAttempt({ id, attemptCount, status }) {
  const { data, refresh } = useLive(attemptCount > 0 ? `/v1/deliveries/${id}` : null, { every: 0 });
  const isBehind = data && (data.attemptCount !== attemptCount || data.status !== status);
  useEffect(() => {
    if (isBehind) refresh();
  }, [isBehind, attemptCount]);
  return data?.attempts.at(-1);
}

function Rest({ all, count, event }) {
  const by = ["delivered", "failed", "pending", "cancelled"]
    .map((status) => [status, all.filter((one) => one.status === status).length])
    .filter(([, count]) => count > 0);
  return (
    <div class="panel-inside row apart">
      <span class="soft small number">
        {count === null || count > all.length ? `Of the first ${whole(all.length)}: ` : ""}
        {by.map(([status, count]) => `${whole(count)} ${status}`).join(", ")}
      </span>
      <ButtonLink small href={href("/deliveries", { event })}>
        {count === null ? "See all" : `See all ${whole(count)}`}
      </ButtonLink>
    </div>
  );
}

/** What nobody wanted is remembered all the same; what never was is not. */
function Nobody({ event, isSure }) {
  const { data, problem } = useLive(isSure ? null : `/v1/events/${encodeURIComponent(event)}`, { every: 0 });
  if (problem?.code === "not_found") return <p class="panel-inside">There is no event with this id.</p>;
  const isOnItsWay = data ? data.deliveries.length > 0 : !problem;
  if (!isSure && isOnItsWay) return <p class="panel-inside soft">On its way …</p>;
  return (
    <p class="panel-inside">
      Accepted, and nobody wanted it: no active or paused subscription has its type and attributes. It is kept, so that
      it can be replayed to a subscription that is made later.
    </p>
  );
}
