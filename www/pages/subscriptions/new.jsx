// Making a subscription; then its secret, shown once.
import { useState } from "preact/hooks";
import { post } from "../../lib/api.js";
import { useLive } from "../../lib/live.js";
import { go, href } from "../../lib/router.js";
import { can, me } from "../../lib/session.js";
import { ButtonLink } from "../../ui/button.jsx";
import { Page, Panel } from "../../ui/page.jsx";
import { Empty, Shown } from "../../ui/say.jsx";
import { SubscriptionForm } from "./form.jsx";
import { NewSecret } from "./secret.jsx";
import { bodyOf, EMPTY } from "./values.js";

export function NewSubscription() {
  const [made, setMade] = useState(null);
  const profiles = useLive("/v1/profiles", { every: 0 });
  const back = [href("/subscriptions"), "Subscriptions"];
  if (made) return <Made of={made} />;
  if (!can("subscriptions:write")) {
    return (
      <Page title="New subscription" back={back}>
        <Empty title="Not yours to make">Your key may read subscriptions, not make them.</Empty>
      </Page>
    );
  }
  return (
    <Page title="New subscription" back={back}>
      <Shown of={profiles} lines={8}>
        {({ data }) => (
          <SubscriptionForm
            isNew
            initial={EMPTY}
            profiles={data}
            usual={me.value.application.profile}
            what="Make the subscription"
            submit={async (values) => setMade(await post("/v1/subscriptions", bodyOf(values)))}
          >
            {() => (
              <ButtonLink kind="plain" href={href("/subscriptions")}>
                Cancel
              </ButtonLink>
            )}
          </SubscriptionForm>
        )}
      </Shown>
    </Page>
  );
}

function Made({ of: { id, secret, publicKey } }) {
  return (
    <Page title="The subscription is there" key="made">
      <Panel title="Its secret">
        <div class="panel-inside stack subs-narrow">
          <NewSecret
            secret={secret}
            publicKey={publicKey}
            onStored={() => go(`/subscriptions/${id}`, {}, { replace: true })}
          />
        </div>
      </Panel>
    </Page>
  );
}
