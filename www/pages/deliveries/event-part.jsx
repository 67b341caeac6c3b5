// The event of a delivery, and where else it went.
import { getText, withQuery } from "../../lib/api.js";
import { useLive } from "../../lib/live.js";
import { href, place } from "../../lib/router.js";
import { Notice, Shown } from "../../ui/say.jsx";
import { Body, Status, Time } from "../../ui/text.jsx";
import { destination } from "./destinations.js";
import { member } from "./member.js";

export function EventPart({ of: { id, event }, names }) {
  const live = useLive(`/v1/events/${encodeURIComponent(event.id)}`, { every: 0, read: getText });
  const others = useLive(withQuery("/v1/deliveries", { event: event.id, limit: 50 }), { every: 5_000 });
  return (
    <div class="stack">
      {live.problem?.status === 404 ? (
        <Notice>
          The event's data are no longer kept, or it came through a source, which keeps the request alone.
        </Notice>
      ) : (
        <Shown of={live} lines={5}>
          {(text) => <Known of={JSON.parse(text)} data={member(text, "data")} />}
        </Shown>
      )}
      <h3>Its deliveries</h3>
      <Shown of={others} lines={2}>
        {({ data, nextCursor }) => (
          <ul class="dl-siblings">
            {data.map((one) => (
              <li key={one.id}>
                <Status of={one.status} />
                {one.id === id ? (
                  <span class="cut">{destination(one, names)} (this one)</span>
                ) : (
                  <a class="cut" href={href(`/deliveries/${one.id}`, Object.fromEntries(place.value.query))}>
                    {destination(one, names)}
                  </a>
                )}
                <span class="soft small number">
                  <Time at={one.createdAt} />
                </span>
              </li>
            ))}
            {nextCursor && (
              <li>
                <a href={href("/deliveries", { event: event.id })}>All of them</a>
              </li>
            )}
          </ul>
        )}
      </Shown>
    </div>
  );
}

function Known({ of: { type, attributes, occurredAt }, data }) {
  const named = Object.entries(attributes ?? {});
  return (
    <>
      <dl class="facts">
        <dt>Type</dt>
        <dd>
          <code>{type}</code>
        </dd>
        <dt>Occurred</dt>
        <dd>
          <Time at={occurredAt} />
        </dd>
        {named.length > 0 && (
          <>
            <dt>Attributes</dt>
            <dd>
              {named.map(([name, value]) => (
                <div key={name}>
                  <code>
                    {name}: {[value].flat().join(", ")}
                  </code>
                </div>
              ))}
            </dd>
          </>
        )}
      </dl>
      <Body text={data} label="Data" />
    </>
  );
}
