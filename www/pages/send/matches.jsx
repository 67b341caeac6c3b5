// Who would get the event, as far as it can be told before it is sent.
import { whole } from "../../lib/format.js";
import { useLive } from "../../lib/live.js";
import { href } from "../../lib/router.js";
import { can } from "../../lib/session.js";
import { ButtonLink } from "../../ui/button.jsx";
import { Panel } from "../../ui/page.jsx";
import { Shown } from "../../ui/say.jsx";
import { Status } from "../../ui/text.jsx";
import { attributesOf } from "./event.js";
import { matching } from "./matching.js";

const FEW = 5;

export function Matches({ of }) {
  const live = useLive(can("subscriptions:read") ? "/v1/subscriptions?limit=250" : null, { every: 15_000 });
  if (!can("subscriptions:read")) return null;
  return (
    <Panel title="Who gets it">
      <Shown of={live} lines={2}>
        {({ data, nextCursor }) => <Told all={data} isPart={nextCursor !== null} of={of} />}
      </Shown>
    </Panel>
  );
}

function Told({ all, isPart, of }) {
  const { wanted, held, off, filtered } = matching(all, of.type, attributesOf(of.attributes).attributes);
  const shown = [...wanted, ...held, ...off];
  const rest = shown.length - FEW;
  return (
    <>
      <div class="panel-inside stack tight">
        <p role="status">{sentence(wanted.length + held.length, all.length, isPart)}</p>
        {of.webhookUrl && (
          <p>
            And the webhook URL <code class="send-wrapped">{of.webhookUrl}</code>
          </p>
        )}
        {held.length > 0 && <p class="soft small">{are(held.length)} paused: there it waits until that is resumed.</p>}
        {off.length > 0 && <p class="soft small">Besides, {are(off.length)} disabled: nothing new goes there.</p>}
        {filtered.length > 0 && <Filtered of={filtered} />}
        {all.length === 0 && can("subscriptions:write") && (
          <div>
            <ButtonLink small href={href("/subscriptions/new")}>
              Make a subscription
            </ButtonLink>
          </div>
        )}
      </div>
      {shown.length > 0 && (
        <ul class="send-getters">
          {shown.slice(0, FEW).map((one) => (
            <li key={one.id}>
              <a class="cut" href={href(`/subscriptions/${one.id}`)} title={one.url}>
                {one.name ?? one.url}
              </a>
              {one.status !== "active" && <Status of={one.status} />}
            </li>
          ))}
          {rest > 0 && <li class="soft">and {whole(rest)} more</li>}
        </ul>
      )}
    </>
  );
}

const are = (count) => (count === 1 ? "1 is" : `${whole(count)} are`);

function sentence(count, of, isPart) {
  if (of === 0) return "Nobody subscribes yet. The event is accepted and kept, and goes nowhere.";
  const get = `${count === 1 ? "subscription gets" : "subscriptions get"} it`;
  if (isPart) return `About ${whole(count)} ${get}, going by the newest ${whole(of)}.`;
  if (count === 0)
    return of === 1 ? "The one subscription does not want it." : `None of ${whole(of)} subscriptions wants it.`;
  if (of === 1) return "The one subscription gets it.";
  return `${whole(count)} of ${whole(of)} subscriptions ${count === 1 ? "gets" : "get"} it.`;
}

/** Those that a filter alone keeps from it: by which attributes the first of them would get it. */
function Filtered({ of }) {
  const [first] = of;
  const asked = Object.entries(first.filter).map(([key, values]) => `${key} = ${values.slice(0, 3).join(" or ")}`);
  return (
    <p class="soft small">
      {of.length === 1 ? "One wants" : `${whole(of.length)} want`} this type with other attributes, such as{" "}
      <code class="send-wrapped">{asked.join(", ")}</code>.
    </p>
  );
}
