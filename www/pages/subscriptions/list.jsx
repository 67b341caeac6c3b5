import { Plus } from "lucide";
import { percent, whole } from "../../lib/format.js";
import { useLive } from "../../lib/live.js";
import { href, place, refine } from "../../lib/router.js";
import { can } from "../../lib/session.js";
import { Button, ButtonLink } from "../../ui/button.jsx";
import { Segments } from "../../ui/field.jsx";
import { Page } from "../../ui/page.jsx";
import { Empty, Loading, Notice, Refused } from "../../ui/say.jsx";
import { DataTable } from "../../ui/table.jsx";
import { Status, Time } from "../../ui/text.jsx";
import { counted, found, STATES } from "./filters.js";
import { usePages } from "./pages.js";
import { stateOf } from "./words.js";

const STEP = 100;
/** Pages of 250 that are read for a search: who has more loads more. */
const SEARCHED = 20;

export function Subscriptions() {
  const { query } = place.value;
  const [search, state] = [query.get("q") ?? "", query.get("status") ?? ""];
  const shown = Math.max(STEP, Number(query.get("show")) || 0);
  const isNarrowed = search !== "" || state !== "";
  const pages = Math.ceil(shown / 250);
  const { rows, more, problem, refresh } = usePages("/v1/subscriptions", isNarrowed ? pages + SEARCHED : pages);
  const stats = useLive(can("deliveries:read") ? "/v1/stats" : null, { every: 30_000 });
  const maker = can("subscriptions:write") && (
    <ButtonLink kind="primary" icon={Plus} href={href("/subscriptions/new")}>
      New subscription
    </ButtonLink>
  );
  if (rows === undefined) {
    return <Page title="Subscriptions">{problem ? <Refused problem={problem} again={refresh} /> : <Loading />}</Page>;
  }
  const all = found(rows, { search, state });
  const isEmpty = rows.length === 0 && !more;
  return (
    <Page title="Subscriptions" actions={!isEmpty && maker}>
      {isEmpty ? (
        <section class="panel">
          <Empty title="No subscriptions yet" action={maker}>
            A subscription says where deliveries go: a URL, the event types that it gets, and what they look like on the
            wire.
          </Empty>
        </section>
      ) : (
        <>
          {/* It is all one reads here; each refusal alone would come and go. */}
          {problem && problem.status !== 0 && <Notice kind="bad">{problem.message}</Notice>}
          <Filters search={search} state={state} counts={more ? {} : counted(rows)} />
          <section class="panel">
            {all.length === 0 ? <Nothing /> : <Table rows={all.slice(0, shown)} rates={ratesOf(stats.data)} />}
          </section>
          <More shown={shown} all={all.length} more={more} />
        </>
      )}
    </Page>
  );
}

function Filters({ search, state, counts }) {
  const options = STATES.map(([value, words]) => [value, counts[value] ? `${words} ${whole(counts[value])}` : words]);
  return (
    <div class="row apart">
      <input
        class="input subs-finder"
        type="search"
        aria-label="Search"
        placeholder="Search by name, URL or id"
        value={search}
        onInput={(event) => refine({ q: event.currentTarget.value, show: "" }, { replace: true })}
      />
      <div class="scroller">
        <Segments
          label="Status"
          options={options}
          value={state}
          onInput={(value) => refine({ status: value, show: "" })}
        />
      </div>
    </div>
  );
}

function Nothing() {
  return (
    <Empty
      title="None is like that"
      action={<Button onClick={() => refine({ q: "", status: "", show: "" })}>Show all</Button>}
    >
      Search for less, or in another status.
    </Empty>
  );
}

function More({ shown, all, more }) {
  if (all <= shown && !more) return null;
  return (
    <div class="row subs-more">
      <Button onClick={() => refine({ show: shown + STEP }, { replace: true })}>Load more</Button>
      <span class="soft small number">
        {whole(Math.min(shown, all))} of {whole(all)}
        {more && " and more"}
      </span>
    </div>
  );
}

/** Figures of the last 24 hours by subscription, as far as the API has them. */
const ratesOf = (stats) => new Map((stats?.destinations ?? []).map((one) => [one.subscription, one]));

function Table({ rows, rates }) {
  return (
    <DataTable
      class="subs-list"
      columns={["Subscription", "Status", "Events", "Profile", ["Delivered, 24 h", "right"], "Created"]}
    >
      {rows.map((one) => (
        <tr key={one.id}>
          <td class="subs-who">
            <a class="whole cut" href={href(`/subscriptions/${one.id}`)} title={one.name ?? one.url}>
              {one.name || hostOf(one.url)}
            </a>
            <span class="soft mono cut" title={one.url}>
              {one.url}
            </span>
          </td>
          <td>
            <State of={one} />
          </td>
          <td>
            <Events of={one.events} />
          </td>
          <td class="subs-minor">{one.profile}</td>
          <td class="right number">
            <Rate of={rates.get(one.id)} />
          </td>
          <td class="soft subs-minor">
            <Time at={one.createdAt} />
          </td>
        </tr>
      ))}
    </DataTable>
  );
}

function State({ of }) {
  const state = stateOf(of);
  return (
    <span class="subs-state">
      <Status of={state} />
      {state === "failing" && (
        <span class="soft">
          began <Time at={of.failingSince} />
        </span>
      )}
      {state === "disabled" && (
        <span class="soft">{of.disabledReason === "gone" ? "answered 410" : "took nothing"}</span>
      )}
    </span>
  );
}

/** The first of the types; all of them on pointing there. */
export function Events({ of, most = 2 }) {
  if (of.length === 1 && of[0] === "*") return <span class="soft">all</span>;
  return (
    <span class="row subs-few" title={of.join("\n")}>
      {of.slice(0, most).map((type) => (
        <span key={type} class="chip cut">
          {type}
        </span>
      ))}
      {of.length > most && <span class="soft">+{of.length - most}</span>}
    </span>
  );
}

function Rate({ of }) {
  if (!of || of.successRate === null) return <span class="soft">–</span>;
  return (
    <>
      <span class={of.successRate < 0.9 ? "subs-poor" : undefined}>{percent(of.successRate)}</span>{" "}
      <span class="soft">of {whole(of.counts.delivered + of.counts.failed)}</span>
    </>
  );
}

export function hostOf(url) {
  return URL.canParse(url) ? new URL(url).host : url;
}
