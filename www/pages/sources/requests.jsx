// What came to a source, newest first, and what became of it.
import { useEffect, useState } from "preact/hooks";
import { get } from "../../lib/api.js";
import { duration, whole } from "../../lib/format.js";
import { useAction, useLive } from "../../lib/live.js";
import { href, place, refine } from "../../lib/router.js";
import { Button, ButtonLink } from "../../ui/button.jsx";
import { Dialog } from "../../ui/dialog.jsx";
import { Segments } from "../../ui/field.jsx";
import { Empty, Notice, Shown } from "../../ui/say.jsx";
import { DataTable } from "../../ui/table.jsx";
import { Status, Time } from "../../ui/text.jsx";
import { Details } from "./request.jsx";
import { below, chosen, OUTCOMES, sentence } from "./words.js";

const FILTERS = [
  ["", "All"],
  ["verified", "Verified"],
  ["refused", "Not verified"],
];

export const requestsOf = (source, more = "") => `/v1/sources/${source.id}/requests?limit=250${more}`;

export function Requests({ source }) {
  const filter = place.value.query.get("outcome") ?? "";
  const requests = useLive(requestsOf(source), { every: 5_000 });
  const [older, setOlder] = useState([]);
  const more = useAction(async () => {
    const page = await get(requestsOf(source, `&cursor=${requests.data.nextCursor}`));
    setOlder(page.data);
  });
  return (
    <section class="panel" aria-label="Recent requests">
      <header>
        <h2>Recent requests</h2>
        <Segments
          label="Outcome"
          options={FILTERS}
          value={filter}
          onInput={(outcome) => refine({ outcome, request: undefined })}
        />
      </header>
      <Shown of={requests}>
        {({ data, nextCursor }) => {
          const known = new Set(data.map(({ id }) => id));
          const all = [...data, ...older.filter(({ id }) => !known.has(id))];
          return (
            <>
              <Listed entries={chosen(all, filter)} isAny={all.length > 0} source={source} />
              {nextCursor && older.length === 0 && (
                <div class="row src-more">
                  <Button small busy={more.busy} onClick={more.run}>
                    Show older ones
                  </Button>
                  {more.problem && <Notice kind="bad">{more.problem.message}</Notice>}
                </div>
              )}
              <One entries={all} source={source} />
            </>
          );
        }}
      </Shown>
    </section>
  );
}

function Listed({ entries, isAny, source }) {
  if (entries.length > 0) return <Table entries={entries} source={source} />;
  if (isAny) return <Empty title="None of these">The filter leaves nothing of what is remembered.</Empty>;
  return (
    <Empty
      title="Nothing has come yet"
      action={
        <ButtonLink kind="primary" href={href(`/sources/${source.id}`, { tab: "setup" })}>
          Set it up at the provider
        </ButtonLink>
      }
    >
      Enter this source’s URL at the provider, and let it send a test. What comes stands here within seconds.
    </Empty>
  );
}

function Table({ entries, source }) {
  return (
    <DataTable
      class="src-requests"
      columns={["Outcome", "What happened", "Request", ["Answered", "right"], ["Took", "right"], "Time"]}
    >
      {entries.map((entry) => (
        <tr key={entry.id}>
          <td>
            <Status of={entry.outcome} as={OUTCOMES[entry.outcome] ?? entry.outcome} />
            {entry.count > 1 && <span class="src-times number">×{whole(entry.count)}</span>}
          </td>
          <td class="src-why">
            <a class="whole" href={shown(entry)}>
              {sentence(entry)}
            </a>
          </td>
          <td class="src-request">
            <code class="cut" title={`${entry.method} ${entry.path} ${entry.messageId ?? ""}`}>
              {entry.method} {below(entry, source) || "/"}
              {entry.messageId && <span class="soft"> {entry.messageId}</span>}
            </code>
          </td>
          <td class="right number">{entry.status}</td>
          <td class="right number">{duration(entry.durationMs)}</td>
          <td class="src-when">
            <Time at={entry.time} />
          </td>
        </tr>
      ))}
    </DataTable>
  );
}

const shown = (entry) => href(place.value.path, { ...Object.fromEntries(place.value.query), request: entry.id });

/** The one that is looked at, at the side. What was opened stays, though newer ones push it out of the log. */
function One({ entries, source }) {
  const id = place.value.query.get("request");
  const [last, setLast] = useState(null);
  const found = entries.find((entry) => entry.id === id);
  useEffect(() => {
    if (found) setLast(found);
  }, [found]);
  if (!id) return null;
  const entry = found ?? (last?.id === id ? last : undefined);
  const close = () => refine({ request: undefined });
  if (!entry) {
    return (
      <Dialog title="Request" drawer onClose={close}>
        <Empty title="No longer remembered">
          A source remembers the newest 200 refused requests and the newest 200 others.
        </Empty>
      </Dialog>
    );
  }
  return (
    <Dialog title={sentence(entry)} drawer onClose={close}>
      <Details entry={entry} source={source} />
    </Dialog>
  );
}
