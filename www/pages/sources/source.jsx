// One source: what it is, what came, how to set it up, why something failed, and its settings.
import { ArrowRight, Inbox } from "lucide";
import { useLive } from "../../lib/live.js";
import { href, place } from "../../lib/router.js";
import { can } from "../../lib/session.js";
import { ButtonLink, Copy } from "../../ui/button.jsx";
import { Icon } from "../../ui/icon.jsx";
import { Page } from "../../ui/page.jsx";
import { Shown } from "../../ui/say.jsx";
import { Tabs } from "../../ui/tabs.jsx";
import { Explain } from "./explain.jsx";
import { Once } from "./once.jsx";
import { titleOf, useProviders } from "./providers.js";
import { Requests } from "./requests.jsx";
import { Settings } from "./settings.jsx";
import { Setup } from "./setup.jsx";

/** What the tabs show, by their name in the address; the first one has none. */
const TABS = [
  [undefined, "Requests", Requests],
  ["setup", "Set up", Setup],
  ["explain", "Explain", Explain],
  ["settings", "Settings", Settings],
];

export function Source({ id }) {
  const source = useLive(`/v1/sources/${encodeURIComponent(id)}`, { every: 15_000 });
  const providers = useProviders();
  const title = source.data ? (source.data.name ?? titleOf(source.data, providers.data)) : "Source";
  const deliveries = source.data?.mode === "queue" && can("deliveries:read") && (
    <ButtonLink icon={Inbox} href={href("/deliveries", { source: id })}>
      Deliveries
    </ButtonLink>
  );
  return (
    <Page title={title} back={[href("/sources"), "Sources"]} actions={deliveries}>
      <Shown of={source}>{(data) => <Loaded source={data} refresh={source.refresh} providers={providers} />}</Shown>
    </Page>
  );
}

function Loaded({ source, refresh, providers }) {
  const tab = place.value.query.get("tab") ?? undefined;
  const [, , Tab] = TABS.find(([name]) => name === tab) ?? TABS[0];
  const path = `/sources/${source.id}`;
  return (
    <>
      <Once id={source.id} />
      <Flow source={source} title={titleOf(source, providers.data)} />
      <Tabs
        label="Parts of this source"
        parts={TABS.map(([name, words, one]) => [href(path, { tab: name }), words, one === Tab])}
      />
      <Tab source={source} refresh={refresh} providers={providers} />
    </>
  );
}

/** From whom, by which URL, to where. */
function Flow({ source, title }) {
  return (
    <section class="src-flow panel" aria-label="From the provider to the origin">
      <div>
        <h2 class="soft small">From</h2>
        <p class="cut src-strong">{title}</p>
        <p class="soft small">
          {source.enforce ? "signature enforced" : <span class="src-not-enforced">signature not enforced</span>}
        </p>
      </div>
      <Icon of={ArrowRight} class="src-arrow" />
      <div>
        <h2 class="soft small">URL for the provider</h2>
        <p class="copied src-strong">
          <code title={source.url}>{source.url}</code>
          <Copy text={source.url} what="the URL for the provider" />
        </p>
        <p class="soft small">
          {secretsOf(source)}
          {source.resign && " · signed anew"}
        </p>
      </div>
      <Icon of={ArrowRight} class="src-arrow" />
      <div>
        <h2 class="soft small">To</h2>
        <p class="copied src-strong">
          <code title={source.origin}>{source.origin}</code>
          <Copy text={source.origin} what="the origin" />
        </p>
        <p class="soft small">
          {source.mode === "queue" ? "queue: 202 at once, delivered with retries" : "proxy: the origin answers"}
        </p>
      </div>
    </section>
  );
}

function secretsOf({ secretCount }) {
  if (secretCount === null) return "its secrets can’t be read";
  if (secretCount === 0) return "no secret";
  return secretCount === 1 ? "1 secret" : `${secretCount} secrets`;
}
