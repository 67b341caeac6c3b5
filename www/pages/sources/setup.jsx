// What to do at the provider, and whether it has worked.
import { BookOpen } from "lucide";
import { useState } from "preact/hooks";
import { get } from "../../lib/api.js";
import { useAction, useLive } from "../../lib/live.js";
import { href } from "../../lib/router.js";
import { can } from "../../lib/session.js";
import { Button, Copy } from "../../ui/button.jsx";
import { Icon } from "../../ui/icon.jsx";
import { Notice } from "../../ui/say.jsx";
import { Code, Status, Time } from "../../ui/text.jsx";
import { Marked } from "./marked.jsx";
import { learns, pageOf } from "./search.js";
import { OUTCOMES, sentence } from "./words.js";

/** Where the URL is entered, at those that are asked for most. */
const WHERE = {
  github: "In the repository or organisation, open Settings, Webhooks, Add webhook. Paste it as the Payload URL.",
  gitlab: "In the project or group, open Settings, Webhooks. Paste it as the URL.",
  stripe: "In the Dashboard, add an event destination of the kind webhook endpoint. Paste it as the endpoint’s URL.",
  shopify: "In the admin, open Settings, Notifications, Webhooks; or give it to the API as the subscription’s address.",
  slack: "In the app’s settings, open Event Subscriptions. Paste it as the Request URL; Slack verifies it at once.",
  discord: "In the Developer Portal, open General Information. Paste it as the Interactions Endpoint URL.",
  twilio: "In the Console, paste it as the webhook of the phone number or service: “A message comes in”, for instance.",
  meta: "In the app’s dashboard, open Webhooks. Paste it as the Callback URL, with the Verify Token beside it.",
};

export function Setup({ source, providers }) {
  const provider = providers.data?.find(({ name }) => name === source.provider);
  const title = provider?.title ?? "the provider";
  const page = provider && pageOf(provider);
  return (
    <section class="panel padded stack wide src-setup" aria-label="Set up">
      <ol class="stack wide">
        <li>
          <h2>Paste this URL at {title}</h2>
          <div class="src-big-url">
            <code>{source.url}</code>
            <Copy text={source.url} what="the URL" kind="primary">
              Copy
            </Copy>
          </div>
          <p>
            {WHERE[source.provider] ?? "Enter it where the provider asks for the webhook’s URL, endpoint or callback."}
          </p>
          {source.publicUrl && (
            <p class="soft">
              Signatures are judged as if requests came to <code>{source.publicUrl}</code>, this source’s public URL.
            </p>
          )}
          {source.route && (
            <p class="soft">
              Requests to{" "}
              <code>
                {source.route.host}
                {source.route.path}
              </code>{" "}
              are this source’s too.
            </p>
          )}
          {provider?.notes && (
            <p class="soft">
              <Marked text={provider.notes} />
            </p>
          )}
          {page && (
            <a class="src-docs-link" href={page} target="_blank" rel="noreferrer">
              <Icon of={BookOpen} />
              {provider.title}’s own documentation
            </a>
          )}
        </li>
        <li>
          <h2>See that both sides have the same secret</h2>
          <Secret source={source} provider={provider} />
        </li>
        <li>
          <h2>Let {title} send a test</h2>
          <First source={source} />
        </li>
      </ol>
    </section>
  );
}

function Secret({ source, provider }) {
  if (learns(provider)) return <Learned source={source} title={provider.title} />;
  if (source.secretCount === 0) {
    return (
      <p>
        None is stored. <Marked text={provider?.secret ?? ""} />
      </p>
    );
  }
  return (
    <p>
      {source.secretCount === 1 ? "One secret is" : `${source.secretCount ?? "Several"} secrets are`} stored.{" "}
      <Marked text={provider?.secret ?? ""} />
    </p>
  );
}

/** A secret that the provider told. Each reading is logged, so it is read only when somebody asks. */
function Learned({ source, title }) {
  const [secret, setSecret] = useState(null);
  const read = useAction(async () => setSecret((await get(`/v1/sources/${source.id}/learned-secret`)).secret));
  return (
    <div class="stack tight">
      <p>
        {title} tells its secret when the webhook is made; Signet keeps it.{" "}
        {source.secretCount > 0 ? "There is one." : "None has come yet."}
      </p>
      {secret && <Code text={secret} label="Learned secret" wrap />}
      {!secret && source.secretCount > 0 && can("secrets:read") && (
        <div>
          <Button busy={read.busy} onClick={read.run}>
            Show the learned secret
          </Button>
        </div>
      )}
      {read.problem && (
        <Notice kind="bad">
          {read.problem.status === 404 ? "It was entered by hand, not learned: it is not shown." : read.problem.message}
        </Notice>
      )}
    </div>
  );
}

function First({ source }) {
  const { data } = useLive(`/v1/sources/${source.id}/requests?limit=1`, { every: 2_000 });
  const [last] = data?.data ?? [];
  if (!last) {
    return (
      <p class="src-waiting" role="status">
        Waiting for the first request …
      </p>
    );
  }
  return (
    <p class="row" role="status">
      <Status of={last.outcome} as={OUTCOMES[last.outcome] ?? last.outcome} />
      <a href={href(`/sources/${source.id}`, { request: last.id })}>{sentence(last)}</a>
      <span class="soft">
        <Time at={last.time} />
      </span>
    </p>
  );
}
