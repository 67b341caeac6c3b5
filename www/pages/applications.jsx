// The operator's choice of the application that everything else is about.
import { useLive } from "../lib/live.js";
import { go, place } from "../lib/router.js";
import { application, me } from "../lib/session.js";

export function Chooser() {
  const { data } = useLive("/v1/applications?limit=250", { every: 60_000 });
  const chosen = application.value ?? me.value.application.id;
  const all = data?.data ?? [];
  // The one that is looked at may be beyond the first page.
  const listed = all.some(({ id }) => id === chosen) ? all : [me.value.application, ...all];
  return (
    <label class="chooser">
      <span class="unseen">Application</span>
      <select class="select" value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
        {listed.map(({ id, name }) => (
          <option key={id} value={id} selected={id === chosen}>
            {name ?? id}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Another application has other deliveries and subscriptions: only the page stays, not what was chosen on it. */
function choose(id) {
  const [, room] = place.value.path.split("/");
  go(`/${room}`, { application: id });
}
