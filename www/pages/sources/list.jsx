// All sources.
import { Plus } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import { withQuery } from "../../lib/api.js";
import { short, whole } from "../../lib/format.js";
import { useLive } from "../../lib/live.js";
import { href, place } from "../../lib/router.js";
import { can } from "../../lib/session.js";
import { ButtonLink, Copy } from "../../ui/button.jsx";
import { Page } from "../../ui/page.jsx";
import { Empty, Shown } from "../../ui/say.jsx";
import { DataTable } from "../../ui/table.jsx";
import { Time } from "../../ui/text.jsx";
import { titleOf, useProviders } from "./providers.js";
import { counted } from "./words.js";

/** How many requests of a source the list looks at. */
const LOOKED_AT = 50;

export function Sources() {
  const cursor = place.value.query.get("cursor");
  const sources = useLive(withQuery("/v1/sources", { limit: 50, cursor }), { every: 15_000 });
  const make = can("sources:write") && (
    <ButtonLink kind="primary" icon={Plus} href={href("/sources/new")}>
      New source
    </ButtonLink>
  );
  return (
    <Page title="Sources" actions={make}>
      <Shown of={sources}>
        {({ data, nextCursor }) => (
          <>
            <div class="panel">
              {data.length > 0 ? <Table sources={data} /> : <None make={make} isFirst={!cursor} />}
            </div>
            {(cursor || nextCursor) && (
              <nav class="row" aria-label="More sources">
                {cursor && <ButtonLink href={href("/sources")}>Newest</ButtonLink>}
                {nextCursor && <ButtonLink href={href("/sources", { cursor: nextCursor })}>Older</ButtonLink>}
              </nav>
            )}
          </>
        )}
      </Shown>
    </Page>
  );
}

function None({ make, isFirst }) {
  if (!isFirst) return <Empty title="No older sources" />;
  return (
    <Empty title="No sources yet" action={make}>
      A source is a URL that a provider such as GitHub or Stripe sends its webhooks to. What is really theirs goes on to
      your origin; the rest stays outside.
    </Empty>
  );
}

function Table({ sources }) {
  const providers = useProviders();
  return (
    <DataTable class="src-sources" columns={["Source", "Origin", "Recent requests", "Last", "URL for the provider"]}>
      {sources.map((source) => (
        <Row key={source.id} source={source} title={titleOf(source, providers.data)} />
      ))}
    </DataTable>
  );
}

function Row({ source, title }) {
  const row = useRef(null);
  const recent = useLive(useSeen(row) ? `/v1/sources/${source.id}/requests?limit=${LOOKED_AT}` : null, {
    every: 30_000,
  });
  const entries = recent.data?.data;
  return (
    <tr ref={row}>
      <td class="src-named">
        <a class="whole cut" href={href(`/sources/${source.id}`)}>
          {source.name ?? title}
        </a>
        {source.name && <span class="soft cut">{title}</span>}
      </td>
      <td class="src-origin">
        <code class="cut" title={source.origin}>
          {source.origin}
        </code>
        <span class="soft">
          {source.mode}
          {!source.enforce && <span class="src-not-enforced"> · not enforced</span>}
        </span>
      </td>
      <td class="src-recent">{entries && <Recent entries={entries} />}</td>
      <td class="src-last soft">{entries?.length > 0 && <Time at={entries[0].time} />}</td>
      <td class="src-url">
        <span class="copied">
          <code title={source.url}>{source.url.replace(/^https?:\/\//, "").replace(source.id, short(source.id))}</code>
          <Copy text={source.url} what={`the URL of ${source.name ?? title}`} />
        </span>
      </td>
    </tr>
  );
}

function Recent({ entries }) {
  if (entries.length === 0) return <span class="soft">none yet</span>;
  const { verified, refused } = counted(entries);
  return (
    <>
      <span class="number">{whole(verified)} verified</span>
      {refused > 0 && <span class="number src-refused">{whole(refused)} not verified</span>}
    </>
  );
}

/** Whether a row has been seen: what is far below is not asked for. */
function useSeen(row) {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([{ isIntersecting }]) => setSeen(isIntersecting));
    observer.observe(row.current);
    return () => observer.disconnect();
  }, []);
  return isSeen;
}
