// What can be done with one delivery.
import { RotateCw } from "lucide";
import { useState } from "preact/hooks";
import { get, post } from "../../lib/api.js";
import { useAction } from "../../lib/live.js";
import { can } from "../../lib/session.js";
import { Button, Copy } from "../../ui/button.jsx";
import { Confirm } from "../../ui/dialog.jsx";
import { Notice, toast } from "../../ui/say.jsx";
import { curl } from "./curl.js";

/** `onRetry` is told that an attempt by hand is under way. */
export function Actions({ of, isAwaited, onRetry, refresh }) {
  const [isAsking, setAsking] = useState(false);
  const retry = useAction(async () => {
    await post(`/v1/deliveries/${of.id}/retry`);
    onRetry();
    await refresh();
  });
  if (!can("deliveries:write")) return <div />;
  const command = async () => {
    try {
      const request = await get(`/v1/deliveries/${of.id}/request`);
      const isHidden = request.headers.some(({ value }) => value === null);
      if (isHidden) toast("Without the subscription's own headers: this key may not read their values.");
      return curl(request);
    } catch (problem) {
      toast(problem.message);
      return null;
    }
  };
  return (
    <div class="row">
      <Button small icon={RotateCw} busy={retry.busy || isAwaited} disabled={of.payload === null} onClick={retry.run}>
        {of.status === "pending" ? "Try now" : "Retry"}
      </Button>
      {of.status === "pending" && (
        <Button small kind="danger" onClick={() => setAsking(true)}>
          Cancel
        </Button>
      )}
      {of.payload !== null && (
        <Copy text={command} what="as curl">
          <span class="row">Copy as curl</span>
        </Copy>
      )}
      {retry.problem && <Notice kind="bad">{retry.problem.message}</Notice>}
      {isAsking && (
        <Confirm
          title="Cancel this delivery"
          what="Cancel delivery"
          danger
          run={async () => {
            await post(`/v1/deliveries/${of.id}/cancel`);
            await refresh();
          }}
          onClose={() => setAsking(false)}
        >
          <p>It is not tried again by schedule. You can still retry it by hand.</p>
        </Confirm>
      )}
    </div>
  );
}
