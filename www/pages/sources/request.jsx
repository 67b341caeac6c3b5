// One request that came: what is remembered of it, and what to do about it.
import { Search } from "lucide";
import { duration, whole } from "../../lib/format.js";
import { href } from "../../lib/router.js";
import { ButtonLink } from "../../ui/button.jsx";
import { Id, Status, Time } from "../../ui/text.jsx";
import { chosen, explanation, OUTCOMES } from "./words.js";

export function Details({ entry, source }) {
  const isDoubtful = chosen([entry], "refused").length > 0;
  return (
    <div class="stack">
      <div class="row">
        <Status of={entry.outcome} as={OUTCOMES[entry.outcome] ?? entry.outcome} />
        {entry.count > 1 && <span class="soft">{whole(entry.count)} alike, of which this is the last</span>}
      </div>
      {explanation(entry) && <p>{explanation(entry)}</p>}
      {isDoubtful && (
        <div class="stack tight">
          <div>
            <ButtonLink
              kind="primary"
              icon={Search}
              href={href(`/sources/${source.id}`, { tab: "explain", request: entry.id })}
            >
              Explain this request
            </ButtonLink>
          </div>
          <p class="soft small">
            Signet keeps neither headers nor body of what it refuses. Copy them from the provider’s log of deliveries:
            then Signet says step by step where they part.
          </p>
        </div>
      )}
      <dl class="facts">
        <dt>Time</dt>
        <dd>
          <Time at={entry.time} /> <span class="soft">({entry.time})</span>
        </dd>
        <dt>Request</dt>
        <dd>
          <code>
            {entry.method} {entry.path}
          </code>
        </dd>
        <dt>Answered</dt>
        <dd class="number">
          {entry.status}, after {duration(entry.durationMs)}
        </dd>
        {entry.reason && (
          <>
            <dt>Reason</dt>
            <dd>
              <code>{entry.reason}</code>
            </dd>
          </>
        )}
        {entry.messageId && (
          <>
            <dt>Message id</dt>
            <dd>
              <code>{entry.messageId}</code>
            </dd>
          </>
        )}
        {entry.delivery && (
          <>
            <dt>Delivery</dt>
            <dd>
              <a href={href(`/deliveries/${entry.delivery}`)}>
                <code>{entry.delivery}</code>
              </a>
            </dd>
          </>
        )}
        <dt>Request id</dt>
        <dd>
          <Id of={entry.id} whole what="the request’s id" />
        </dd>
      </dl>
    </div>
  );
}
