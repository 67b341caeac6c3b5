// What can be done with a subscription, as far as the caller may.
import { Pause, Play, Zap } from "lucide";
import { useState } from "preact/hooks";
import { post, remove } from "../../lib/api.js";
import { whole } from "../../lib/format.js";
import { useAction, useLive } from "../../lib/live.js";
import { go } from "../../lib/router.js";
import { can } from "../../lib/session.js";
import { Button } from "../../ui/button.jsx";
import { Confirm } from "../../ui/dialog.jsx";
import { Menu } from "../../ui/menu.jsx";
import { toast } from "../../ui/say.jsx";
import { Recover, Replay } from "./again.jsx";
import { Rotate, ShowSecret } from "./secret.jsx";
import { Test } from "./test.jsx";

export function Actions({ subscription, profiles, refresh }) {
  const [open, setOpen] = useState(null);
  const { id, status } = subscription;
  const isActive = status === "active";
  const turn = useAction(async () => {
    try {
      await post(`/v1/subscriptions/${id}/${isActive ? "pause" : "resume"}`);
      toast(isActive ? "Paused: deliveries are held" : "Resumed");
      await refresh();
    } catch (problem) {
      toast(problem.message);
    }
  });
  const mayWrite = can("subscriptions:write");
  const maySend = can("deliveries:write");
  const signature = profiles.find(({ name }) => name === subscription.profile)?.signature;
  const items = [
    maySend && { words: "Recover failed deliveries", run: () => setOpen("recover") },
    maySend && { words: "Replay events", run: () => setOpen("replay") },
    mayWrite && signature && { words: "Rotate the secret", run: () => setOpen("rotate") },
    can("secrets:read") && { words: "Show the secret", run: () => setOpen("secret") },
    mayWrite && { words: "Delete", run: () => setOpen("delete"), danger: true },
  ].filter(Boolean);
  const close = () => setOpen(null);
  return (
    <>
      {maySend && (
        <Button icon={Zap} onClick={() => setOpen("test")}>
          Send a test
        </Button>
      )}
      {mayWrite && (
        <Button icon={isActive ? Pause : Play} busy={turn.busy} onClick={turn.run}>
          {isActive ? "Pause" : "Resume"}
        </Button>
      )}
      <Menu label="More actions" items={items} />
      {open === "test" && <Test subscription={subscription} onClose={close} />}
      {open === "recover" && <Recover subscription={subscription} onClose={close} />}
      {open === "replay" && <Replay subscription={subscription} onClose={close} />}
      {open === "rotate" && (
        <Rotate subscription={subscription} signature={signature} onDone={refresh} onClose={close} />
      )}
      {open === "secret" && <ShowSecret subscription={subscription} onClose={close} />}
      {open === "delete" && <Delete subscription={subscription} onClose={close} />}
    </>
  );
}

function Delete({ subscription: { id }, onClose }) {
  const { data } = useLive(can("deliveries:read") ? `/v1/subscriptions/${id}/health` : null);
  const run = async () => {
    await remove(`/v1/subscriptions/${id}`);
    go("/subscriptions", {}, { replace: true });
    toast("Deleted");
  };
  const waiting = data?.waiting ?? 0;
  return (
    <Confirm title="Delete this subscription" what="Delete it" danger run={run} onClose={onClose}>
      <p>It gets no more events.</p>
      {data && (
        <p>
          {waiting === 0 && "No delivery is pending, so none is cancelled."}
          {waiting === 1 && "1 delivery that is pending is cancelled."}
          {waiting > 1 && `${whole(waiting)} deliveries that are pending are cancelled.`}
        </p>
      )}
      <p>Its history can be read for a day; then all of it is removed.</p>
    </Confirm>
  );
}
