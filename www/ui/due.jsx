import { countdown } from "../lib/countdown.js";
import { exact } from "../lib/format.js";
import { now } from "./text.jsx";

/** What is due for so long, in ms, is not just being done. */
const LATE = 4_000;

/** When something is to happen, counted down; what has no time is held, what is late waits its turn, or for what `late` says. */
export function Due({ at, late = "waits its turn" }) {
  if (!at) return <span class="soft">held</span>;
  const left = Date.parse(at) - now.value;
  return (
    <time dateTime={at} title={exact(at)}>
      {left < -LATE ? late : countdown(left)}
    </time>
  );
}
