// How an application's deliveries do, at a glance.
import { useRef } from "preact/hooks";
import { place, refine } from "../../lib/router.js";
import { Segments } from "../../ui/field.jsx";
import { Page } from "../../ui/page.jsx";
import { Loading, Refused } from "../../ui/say.jsx";
import { useFigures } from "./figures.js";
import { First } from "./first.jsx";
import { Headline } from "./headline.jsx";
import { useIsNew } from "./new.js";
import { Over } from "./over.jsx";
import { Where } from "./where.jsx";
import { chosen, WINDOWS } from "./window.js";
import "./overview.css";

export function Overview() {
  const name = chosen(place.value.query.get("window"));
  const isBegun = place.value.query.has("first");
  // Whoever comes back from the first webhook sees it counted.
  const figures = useFigures(name, { isWanted: !isBegun });
  const isNew = useIsNew(figures.data?.total > 0);
  const begun = useRef(false);
  if (isBegun || isNew || begun.current) return <First begun={begun} />;
  const pick = (
    <Segments
      label="Window"
      options={Object.entries(WINDOWS).map(([id, { name }]) => [id, name])}
      value={name}
      onInput={(window) => refine({ window: window === "24h" ? null : window })}
    />
  );
  return (
    <Page title="Overview" actions={pick}>
      {shown(figures, isNew, name)}
    </Page>
  );
}

function shown(figures, isNew, name) {
  if (figures.data === undefined && figures.problem)
    return <Refused problem={figures.problem} again={figures.refresh} />;
  if (figures.data === undefined || isNew === undefined) return <Loading lines={12} />;
  return (
    <>
      <Headline of={figures.data} />
      <Over of={figures.data} words={WINDOWS[name].words} />
      <Where of={figures.data.destinations} words={WINDOWS[name].words} />
    </>
  );
}
