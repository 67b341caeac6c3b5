// Where deliveries go, and what waits to go there again.
import { useLive } from "../../lib/live.js";
import { place } from "../../lib/router.js";
import { Destinations, FEW } from "./destinations.jsx";
import { useNamed } from "./names.js";
import { Retrying, SHOWN } from "./retrying.jsx";

export function Where({ of, words }) {
  const isWhole = place.value.query.get("destinations") === "all";
  const shown = isWhole ? of : of.slice(0, FEW);
  // One more than is shown tells whether there are more.
  const retrying = useLive(`/v1/deliveries?retrying=true&limit=${SHOWN + 1}`);
  const ids = [...shown, ...(retrying.data?.data ?? [])].map(({ subscription, source }) => subscription ?? source);
  const named = useNamed(ids.filter(Boolean));
  return (
    <div class="over-beside">
      <Destinations {...{ shown, isWhole, named, words }} count={of.length} />
      <Retrying {...{ named }} of={retrying} />
    </div>
  );
}
