import { whole } from "../../lib/format.js";
import { Button } from "../../ui/button.jsx";

/** The foot of a list of which there may be more. */
export function More({ of, isAll, count }) {
  if (isAll) return null;
  return (
    <div class="row apart access-list-foot">
      <span class="soft small">The newest {whole(count)} are shown.</span>
      <Button small busy={of.more.busy} onClick={of.more.run}>
        Show more
      </Button>
    </div>
  );
}
