// Small pieces of text: states, times, ids, code. What comes from outside is only ever text here.

import { signal } from "@preact/signals";
import { CircleAlert, CircleCheck, CircleDashed, CirclePause, CircleSlash, CircleX, Clock } from "lucide";
import { useState } from "preact/hooks";
import { exact, pretty, relative, short } from "../lib/format.js";
import { Button, Copy } from "./button.jsx";
import { Icon } from "./icon.jsx";

const STATES = {
  delivered: ["good", CircleCheck],
  active: ["good", CircleCheck],
  verified: ["good", CircleCheck],
  unverified: ["wait", CircleAlert],
  done: ["good", CircleCheck],
  healthy: ["good", CircleCheck],
  failed: ["bad", CircleX],
  failing: ["bad", CircleAlert],
  refused: ["bad", CircleX],
  disabled: ["bad", CircleSlash],
  pending: ["wait", Clock],
  running: ["wait", CircleDashed],
  paused: ["wait", CirclePause],
  cancelled: ["", CircleSlash],
  stopped: ["", CircleSlash],
};

/** What state something is in, as the API calls it; `as` where it is called otherwise here. */
export function Status({ of, as = of }) {
  const [kind, icon] = STATES[of] ?? ["", CircleDashed];
  return (
    <span class={`status ${kind}`}>
      <Icon of={icon} />
      {as}
    </span>
  );
}

/** The time, to the second, for what counts down or up. */
export const now = signal(Date.now());
setInterval(() => {
  if (document.visibilityState === "visible") now.value = Date.now();
}, 1_000);

/** A time by how long ago, or how soon, it is; the exact one on pointing at it. */
export function Time({ at }) {
  if (!at) return <span class="soft">–</span>;
  return (
    <time dateTime={at} title={exact(at)}>
      {relative(at, now.value)}
    </time>
  );
}

/** An id, cut to what tells it from others, with the whole to be copied. */
export function Id({ of, whole = false, what = "id" }) {
  return (
    <span class="copied">
      <code title={of}>{whole ? of : short(of)}</code>
      <Copy text={of} what={what} />
    </span>
  );
}

/** Text of machines, to be read and copied. Long lines are wrapped where `wrap` says so. */
export function Code({ text, label, wrap = false, tools }) {
  return (
    <section class="code" aria-label={label}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no pointer scrolls it by the keyboard */}
      <pre class={wrap ? "wrapped" : undefined} tabIndex={0}>
        <code>{text}</code>
      </pre>
      <div class="tools">
        {tools}
        <Copy text={text} what={label} />
      </div>
    </section>
  );
}

/** A body: laid out where it is JSON, and exactly as it is at a click. */
export function Body({ text, label }) {
  const [raw, setRaw] = useState(false);
  const read = pretty(text);
  const tools = read !== text && (
    <Button kind="plain" small aria-pressed={raw} onClick={() => setRaw(!raw)}>
      {raw ? "Laid out" : "As sent"}
    </Button>
  );
  return <Code text={raw ? text : read} label={label} wrap tools={tools} />;
}
