import { Check, Copy as CopyIcon } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "./icon.jsx";

const named = (kind, small, icon) => ["button", kind, small && "small", icon && "icon"].filter(Boolean).join(" ");

/**
 * A button. While `busy` it can be focused and does nothing, so that the focus is not lost.
 *
 * @param {{kind?: "primary" | "danger" | "plain" | "danger primary", small?: boolean, busy?: boolean, icon?: object,
 *   label?: string}} props `label` where there is only an icon
 */
export function Button({ kind, small, busy = false, icon, label, onClick, children, type = "button", ...more }) {
  const idle = busy ? (event) => event.preventDefault() : onClick;
  return (
    <button
      {...more}
      type={type}
      class={named(kind, small, icon && !children)}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      aria-label={label}
      title={label}
      onClick={idle}
    >
      {icon && !busy && <Icon of={icon} />}
      {children}
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({ kind, small, icon, children, ...more }) {
  return (
    <a {...more} class={named(kind, small)}>
      {icon && <Icon of={icon} />}
      {children}
    </a>
  );
}

/**
 * Copies text, and says that it did. `what` names it to those who don't see what stands beside. A function may make the
 * text, or null where there is none to copy.
 */
export function Copy({ text, what = "", children, ...more }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return undefined;
    const timer = setTimeout(() => setDone(false), 1_500);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async () => {
    const made = typeof text === "function" ? await text() : text;
    if (made !== null) setDone(await written(made));
  };
  return (
    <>
      <Button kind="plain" small icon={done ? Check : CopyIcon} label={`Copy ${what}`.trim()} onClick={copy} {...more}>
        {children}
      </Button>
      <span class="unseen" role="status">
        {done ? "Copied" : ""}
      </span>
    </>
  );
}

/** The clipboard is there over TLS and on this machine alone; elsewhere the old way is tried. */
async function written(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
