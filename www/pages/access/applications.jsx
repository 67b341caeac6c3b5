import { Plus } from "lucide";
import { useState } from "preact/hooks";
import { usePages } from "../../lib/pages.js";
import { href, place, refine } from "../../lib/router.js";
import { me } from "../../lib/session.js";
import { Button, ButtonLink } from "../../ui/button.jsx";
import { Panel } from "../../ui/page.jsx";
import { Shown } from "../../ui/say.jsx";
import { DataTable } from "../../ui/table.jsx";
import { Id, Time } from "../../ui/text.jsx";
import { ChangeApplication, DeleteApplication, NewApplication } from "./application-dialogs.jsx";
import { More } from "./more.jsx";

export function ApplicationActions() {
  return (
    <Button kind="primary" icon={Plus} onClick={() => refine({ new: "application" })}>
      New application
    </Button>
  );
}

export function Applications() {
  const list = usePages("/v1/applications", { every: 10_000 });
  const [open, setOpen] = useState(null);
  const isNew = place.value.query.get("new") === "application";
  const Open = open?.dialog;
  return (
    <>
      <p class="soft access-prose">
        An application is whose everything is: subscriptions, sources, profiles, keys and history. Give each of your
        customers one, or keep them all in <code>default</code>.
      </p>
      <Panel>
        <Shown of={list}>
          {({ items, isAll }) => (
            <>
              <DataTable class="access-listed" columns={["Name", "Id", "Profile", "Made", ["Actions", "unseen"]]}>
                {items.map((one) => (
                  <Row key={one.id} of={one} onOpen={(dialog) => setOpen({ dialog, of: one })} />
                ))}
              </DataTable>
              <More of={list} isAll={isAll} count={items.length} />
            </>
          )}
        </Shown>
      </Panel>
      {isNew && <NewApplication onMade={list.refresh} onClose={() => refine({ new: null }, { replace: true })} />}
      {open && <Open of={open.of} onDone={list.refresh} onClose={() => setOpen(null)} />}
    </>
  );
}

function Row({ of, onOpen }) {
  const isCurrent = of.id === me.value.application.id;
  return (
    <tr>
      <th scope="row" class="name" title={of.name}>
        {of.name}
        {isCurrent && <span class="access-badge">shown</span>}
      </th>
      <td>
        <Id of={of.id} what="application id" />
      </td>
      <td>{of.profile}</td>
      <td>
        <Time at={of.createdAt} />
      </td>
      <td class="right">
        <div class="row actions">
          {!isCurrent && (
            <ButtonLink
              small
              href={href("/", { application: of.id === "default" ? null : of.id })}
              aria-label={`Switch to ${of.name}`}
            >
              Switch
            </ButtonLink>
          )}
          <Button small label={`Change ${of.name}`} onClick={() => onOpen(ChangeApplication)}>
            Change
          </Button>
          {of.id !== "default" && (
            <Button small kind="danger" label={`Delete ${of.name}`} onClick={() => onOpen(DeleteApplication)}>
              Delete
            </Button>
          )}
        </div>
      </td>
    </tr>
  );
}
