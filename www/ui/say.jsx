// What a page has to say besides its data: that it loads, that there is nothing, that something went wrong.
import { signal } from "@preact/signals";
import { Button } from "./button.jsx";

/** @param {{kind?: "bad" | "wait" | "good"}} props */
export function Notice({ kind = "", children }) {
  return (
    <div class={`notice ${kind}`} role={kind === "bad" ? "alert" : "status"}>
      {children}
    </div>
  );
}

export function Empty({ title, children, action }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

export function Loading({ lines = 4 }) {
  return (
    <div class="loading" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, at) => (
        <span key={at} />
      ))}
    </div>
  );
}

/** A problem in the place of data, with another try. */
export function Refused({ problem, again }) {
  const [title, text] = said(problem);
  return (
    <Empty title={title} action={again && problem.status !== 403 && <Button onClick={again}>Try again</Button>}>
      {text}
    </Empty>
  );
}

function said(problem) {
  if (problem.status === 0) return ["Signet does not answer", "It is asked again every few seconds."];
  if (problem.status === 403) return ["Not yours to see", problem.message];
  if (problem.status === 404) return ["Not found", problem.message];
  return ["That did not work", problem.message];
}

/** Shows data that `useLive` reads: `children` gets it once it is there. */
export function Shown({ of, lines, children }) {
  if (of.data !== undefined) return children(of.data);
  return of.problem ? <Refused problem={of.problem} again={of.refresh} /> : <Loading lines={lines} />;
}

const toasts = signal([]);
let count = 0;

/** Says something in passing, in the corner. */
export function toast(text) {
  count += 1;
  const one = { id: count, text };
  toasts.value = [...toasts.value, one];
  setTimeout(() => {
    toasts.value = toasts.value.filter((it) => it !== one);
  }, 4_000);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text }) => (
        <div key={id}>{text}</div>
      ))}
    </div>
  );
}
