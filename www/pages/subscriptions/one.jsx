// One subscription, its parts in tabs.
import { useState } from "preact/hooks";
import { patch } from "../../lib/api.js";
import { useLive } from "../../lib/live.js";
import { href, place } from "../../lib/router.js";
import { can } from "../../lib/session.js";
import { Page } from "../../ui/page.jsx";
import { Shown, toast } from "../../ui/say.jsx";
import { Tabs } from "../../ui/tabs.jsx";
import { Status } from "../../ui/text.jsx";
import { Actions } from "./actions.jsx";
import { SubscriptionForm } from "./form.jsx";
import { hostOf } from "./list.jsx";
import { Overview } from "./overview.jsx";
import { Receiver } from "./receiver.jsx";
import { changesOf, valuesOf } from "./values.js";
import { Retries, WirePreview } from "./wire.jsx";
import { exampleType, stateOf } from "./words.js";

const TABS = [
  ["overview", "Overview", Overview],
  ["edit", "Edit", Edit],
  ["wire", "Wire", Wire],
  ["receiver", "Receiver", Receiver],
];

/** Nothing of one stays for another: no open dialog, nothing typed. */
export function Subscription({ id }) {
  return <One key={id} id={id} />;
}

function One({ id }) {
  const path = `/v1/subscriptions/${encodeURIComponent(id)}`;
  const live = useLive(path);
  const profiles = useLive("/v1/profiles", { every: 60_000 });
  const back = [href("/subscriptions"), "Subscriptions"];
  const subscription = live.data;
  if (!subscription) {
    return (
      <Page title="Subscription" back={back}>
        <Shown of={live} lines={8} />
      </Page>
    );
  }
  const tabs = TABS.filter(([tab]) => tab !== "edit" || can("subscriptions:write"));
  const wanted = place.value.query.get("tab");
  const [tab, , Tab] = tabs.find(([name]) => name === wanted) ?? tabs[0];
  const name = subscription.name || hostOf(subscription.url);
  const title = (
    <span class="row subs-titled">
      <span>{name}</span> <Status of={stateOf(subscription)} />
    </span>
  );
  return (
    <Page
      title={title}
      name={name}
      back={back}
      actions={<Actions subscription={subscription} profiles={profiles.data?.data ?? []} refresh={live.refresh} />}
    >
      <Tabs
        label="Parts"
        parts={tabs.map(([one, words]) => [
          href(`/subscriptions/${id}`, { tab: one === tabs[0][0] ? "" : one }),
          words,
          one === tab,
        ])}
      />
      <Shown of={profiles} lines={8}>
        {({ data }) => <Tab subscription={subscription} profiles={data} refresh={live.refresh} />}
      </Shown>
    </Page>
  );
}

/** Sends what was changed here, and nothing of what somebody else changed meanwhile. */
function Edit({ subscription, profiles, refresh }) {
  const [before, setBefore] = useState(subscription);
  const submit = async (values, set) => {
    const changes = changesOf(before, values);
    if (Object.keys(changes).length === 0) return toast("Nothing was changed");
    const after = await patch(`/v1/subscriptions/${subscription.id}`, changes);
    setBefore(after);
    // As the API wrote it: a URL without its fragment.
    for (const [name, value] of Object.entries(valuesOf(after))) set(name, value);
    toast("Saved");
    return refresh();
  };
  return (
    <SubscriptionForm initial={valuesOf(before)} profiles={profiles} what="Save changes" submit={submit}>
      {(values) => <Changes of={changed(before, values)} />}
    </SubscriptionForm>
  );
}

/** Which fields are other than before; null while the metadata can't be read. */
function changed(before, values) {
  try {
    return Object.keys(changesOf(before, values));
  } catch {
    return null;
  }
}

function Changes({ of }) {
  if (!of || of.length === 0) return null;
  return <span class="soft small">Changed: {of.join(", ")}</span>;
}

function Wire({ subscription, profiles }) {
  const { url, headers, events, publicKey } = subscription;
  const profile = profiles.find(({ name }) => name === subscription.profile);
  const more = { url, headers: headers ?? undefined, ...(publicKey ? { secretType: "ed25519" } : {}) };
  return (
    <div class="stack wide">
      <WirePreview profile={subscription.profile} usual={exampleType(events)} more={more} />
      {profile && <Retries of={profile} />}
    </div>
  );
}
