// An application's first webhook: made, sent and watched arriving, one step after the other.

import { useRef } from "preact/hooks";
import { post, withQuery } from "../../lib/api.js";
import { useAction } from "../../lib/live.js";
import { href, place, refine } from "../../lib/router.js";
import { application, can } from "../../lib/session.js";
import { Button, ButtonLink } from "../../ui/button.jsx";
import { Page, Panel } from "../../ui/page.jsx";
import { Empty } from "../../ui/say.jsx";
import { Code } from "../../ui/text.jsx";
import { curl } from "../send/curl.js";
import { useUntil } from "../send/until.js";
import { Advice } from "./advice.jsx";
import { Steps } from "./steps.jsx";

const SAMPLE = { name: "Sample receiver", url: `${location.origin}/receiver` };
const EVENT = { type: "hello.world", data: { message: "The first of many" } };

/**
 * The event that is watched stands in the address.
 *
 * @param {{begun: {current: boolean}}} props `begun` is set from the first call on, until the address
 *   says so too
 */
export function First({ begun }) {
  const event = place.value.query.get("first");
  const { delivery, whole } = useWatched(event);
  const subscription = useRef(null);
  const action = useAction(async () => {
    begun.current = true;
    // What was made for a try before is used again.
    const made = delivery?.subscription ?? subscription.current;
    subscription.current = made ?? (await post("/v1/subscriptions", SAMPLE)).id;
    const accepted = await post("/v1/events", EVENT);
    refine({ first: accepted.id }, { replace: event !== null });
    begun.current = false;
  });
  if (!can("subscriptions:write") || !can("events:write")) return <Waiting />;
  const leave = event && <ButtonLink href={href("/")}>Go to the overview</ButtonLink>;
  const isDone = whole?.status === "delivered";
  return (
    <Page title={event ? "Your first webhook" : "Send a first webhook"} name="Overview" actions={leave}>
      <div class="over-beside first">
        <Panel padded>
          <div class="stack">
            <p>
              Signet takes an event, signs it, delivers it to everybody who subscribes, and tries again until it is
              taken. See that once: with a sample subscription to a receiver that is built in, and an event for it.
            </p>
            {!event && (
              <div>
                <Button kind="primary" busy={action.busy} onClick={action.run}>
                  Send a first webhook
                </Button>
              </div>
            )}
            {action.problem && <Advice of={action.problem} url={SAMPLE.url} />}
            <Steps
              url={SAMPLE.url}
              subscription={delivery?.subscription ?? subscription.current}
              event={event}
              type={EVENT.type}
              delivery={whole ?? delivery}
            />
            {event && <Next delivery={delivery} isDone={isDone} again={action} />}
          </div>
        </Panel>
        <Panel title="The same by curl" padded>
          <Code label="commands" wrap text={commands()} />
        </Panel>
      </div>
    </Page>
  );
}

/** The delivery of an event, until it has come to its end. */
function useWatched(event) {
  const list = useUntil(event && withQuery("/v1/deliveries", { event, limit: 1 }), ({ data }) => (data[0] ? 0 : 800));
  const delivery = list.data?.data[0];
  const path = delivery ? `/v1/deliveries/${delivery.id}` : null;
  const one = useUntil(path, ({ status }) => (status === "pending" ? 800 : 0));
  return { delivery, whole: one.data };
}

function Next({ delivery, isDone, again }) {
  return (
    <div class="row">
      {delivery && (
        <ButtonLink kind={isDone ? "primary" : undefined} href={href(`/deliveries/${delivery.id}`)}>
          See the delivery
        </ButtonLink>
      )}
      <Button busy={again.busy} onClick={again.run}>
        Send another
      </Button>
      <ButtonLink href={href("/subscriptions/new")}>Make a real subscription</ButtonLink>
    </div>
  );
}

function commands() {
  const call = (path, body) => curl(location.origin, path, JSON.stringify(body), application.value);
  return `${call("/v1/subscriptions", SAMPLE)}\n\n${call("/v1/events", EVENT)}`;
}

/** For those who may look and not send. */
function Waiting() {
  return (
    <Page title="Overview">
      <Empty title="Nothing has been sent yet">
        As soon as events are sent and somebody subscribes to them, this page shows how their deliveries do.
      </Empty>
    </Page>
  );
}
