// Whether an application has yet to send its first webhook.
import { useEffect, useState } from "preact/hooks";
import { useLive } from "../../lib/live.js";
import { can } from "../../lib/session.js";

const KINDS = ["deliveries", "subscriptions", "sources"];

/**
 * Whether there is nothing yet: no delivery, no subscription, no source. It is asked again until there is something.
 *
 * @param {boolean} isUsed what is known already: nobody need ask
 * @returns {boolean | undefined} undefined as long as it is not known
 */
export function useIsNew(isUsed) {
  const [isOld, setIsOld] = useState(false);
  const lists = KINDS.map((kind) => {
    const isAsked = !isUsed && !isOld && can(`${kind}:read`);
    const { data, problem } = useLive(isAsked ? `/v1/${kind}?limit=1` : null);
    // What can't be told is no reason to begin anew.
    if (problem && !data) return true;
    if (isAsked && !data) return undefined;
    return isAsked && (data.data.length > 0 || data.nextCursor !== null);
  });
  const isKnownOld = isUsed || isOld || lists.includes(true);
  useEffect(() => {
    if (isKnownOld) setIsOld(true);
  }, [isKnownOld]);
  if (isKnownOld || !can("subscriptions:read")) return false;
  return lists.includes(undefined) ? undefined : true;
}
