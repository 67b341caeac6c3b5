import { Plus } from "lucide";
import { useState } from "preact/hooks";
import { remove } from "../../lib/api.js";
import { usePages } from "../../lib/pages.js";
import { href, place, refine } from "../../lib/router.js";
import { can, me, signOut } from "../../lib/session.js";
import { Button } from "../../ui/button.jsx";
import { Confirm } from "../../ui/dialog.jsx";
import { Panel } from "../../ui/page.jsx";
import { Empty, Shown, toast } from "../../ui/say.jsx";
import { DataTable } from "../../ui/table.jsx";
import { Id, Time } from "../../ui/text.jsx";
import { More } from "./more.jsx";
import { NewKey } from "./new-key.jsx";
import { inShort } from "./scopes.js";

const PATH = "/v1/api-keys";
const make = () => refine({ new: "key" });
/** A link would be outlived by a key that it made, so it makes none. */
const mayMake = () => me.value.kind !== "link";

export function KeyActions() {
  return (
    mayMake() && (
      <Button kind="primary" icon={Plus} onClick={make}>
        New key
      </Button>
    )
  );
}

export function Keys() {
  const list = usePages(PATH, { every: 10_000 });
  const [revoked, setRevoked] = useState(null);
  const isNew = mayMake() && place.value.query.get("new") === "key";
  return (
    <>
      <Panel>
        <Shown of={list}>
          {({ items, isAll }) =>
            items.length === 0 ? (
              <NoKeys />
            ) : (
              <>
                <Table keys={items} onRevoke={setRevoked} />
                <More of={list} isAll={isAll} count={items.length} />
              </>
            )
          }
        </Shown>
      </Panel>
      {isNew && <NewKey onMade={list.refresh} onClose={() => refine({ new: null }, { replace: true })} />}
      {revoked && <Revoke of={revoked} onDone={list.refresh} onClose={() => setRevoked(null)} />}
    </>
  );
}

function NoKeys() {
  return (
    <Empty
      title="No keys yet"
      action={
        mayMake() && (
          <Button kind="primary" onClick={make}>
            New key
          </Button>
        )
      }
    >
      A key lets a program call Signet for this application: to post events, or to manage its webhooks. Give each
      program one of its own, with the scopes that it needs.
    </Empty>
  );
}

function Table({ keys, onRevoke }) {
  return (
    <DataTable class="access-listed" columns={["Label", "Key", "May", "Webhook", "Made", ["Actions", "unseen"]]}>
      {keys.map((one) => (
        <Row key={one.id} of={one} onRevoke={onRevoke} />
      ))}
    </DataTable>
  );
}

function Row({ of, onRevoke }) {
  return (
    <tr>
      <th scope="row" class="name" title={of.label}>
        {of.label}
        {of.id === me.value.key && <span class="access-badge">yours</span>}
      </th>
      <td>
        <code title={of.id}>sk_…{of.hint}</code>
      </td>
      <td title={of.scopes.join(", ")}>{inShort(of.scopes)}</td>
      <td>
        <Webhook of={of.subscription} />
      </td>
      <td>
        <Time at={of.createdAt} />
      </td>
      <td class="right">
        <Button kind="danger" small label={`Revoke ${of.label}`} onClick={() => onRevoke(of)}>
          Revoke
        </Button>
      </td>
    </tr>
  );
}

function Webhook({ of }) {
  if (!of) return <span class="soft">–</span>;
  return can("subscriptions:read") ? (
    <a href={href(`/subscriptions/${of}`)} title={of}>
      Subscription
    </a>
  ) : (
    <Id of={of} what="subscription" />
  );
}

function Revoke({ of, onDone, onClose }) {
  const isOwn = of.id === me.value.key;
  const run = async () => {
    await remove(`${PATH}/${of.id}`);
    if (isOwn) return signOut("You revoked the key that you were signed in with.");
    toast("The key is revoked");
    await onDone();
  };
  return (
    <Confirm title={`Revoke “${of.label}”?`} what="Revoke the key" danger run={run} onClose={onClose}>
      <p>
        Whatever calls with <code>sk_…{of.hint}</code> is refused from now on, everywhere. Portal links that it made end
        with it. This can't be undone.
      </p>
      {of.subscription && <p>Its webhook stays, and goes on receiving until its subscription is deleted.</p>}
      {isOwn && <p>You are signed in with this key: you will be signed out.</p>}
    </Confirm>
  );
}
