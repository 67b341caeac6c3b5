// Dialogs are the browser's own: it keeps the focus inside, gives it back, and closes on Escape.
import { X } from "lucide";
import { useEffect, useId, useRef } from "preact/hooks";
import { useAction } from "../lib/live.js";
import { Button } from "./button.jsx";
import { Notice } from "./say.jsx";

/**
 * @param {{title: any, onClose: () => void, drawer?: boolean, firm?: boolean, footer?: any}} props `drawer`: at the side, as
 *   high as the window; `firm`: closed by its buttons alone, since what it shows does not come again
 */
export function Dialog({ title, onClose, drawer = false, firm = false, footer, children }) {
  const element = useRef(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    dialog.showModal();
    dialog.querySelector("h2").focus();
    // Closed before it is gone, it gives the focus back to where it was.
    return () => dialog.close();
  }, []);
  const outside = (event) => {
    if (!firm && event.target === element.current) onClose();
  };
  return (
    <dialog
      ref={element}
      class={drawer ? "drawer" : undefined}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        if (!firm) onClose();
      }}
      onMouseDown={outside}
    >
      <header>
        <h2 id={id} tabIndex={-1}>
          {title}
        </h2>
        <Button kind="plain" icon={X} label="Close" onClick={onClose} />
      </header>
      <div class="inside">{children}</div>
      {footer && <footer>{footer}</footer>}
    </dialog>
  );
}

/** Asks before something is done that can't be undone. `run` does it; the dialog stays until it is done. */
export function Confirm({ title, what, run, onClose, danger = false, children }) {
  const {
    busy,
    problem,
    run: start,
  } = useAction(async () => {
    await run();
    onClose();
  });
  const footer = (
    <>
      <Button onClick={onClose}>Keep it as it is</Button>
      <Button kind={danger ? "danger primary" : "primary"} busy={busy} onClick={start}>
        {what}
      </Button>
    </>
  );
  return (
    <Dialog title={title} onClose={onClose} footer={footer}>
      <div class="stack tight">
        {children}
        {problem && <Notice kind="bad">{problem.message}</Notice>}
      </div>
    </Dialog>
  );
}
