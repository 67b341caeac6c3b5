import { Button, Copy } from "../../ui/button.jsx";
import { Dialog } from "../../ui/dialog.jsx";
import { Notice } from "../../ui/say.jsx";

/**
 * What is shown once, and never again: nothing but its own buttons closes it.
 *
 * @param {{title: string, secrets: [string, string, any][], onClose: () => void, children?: any}} props `secrets`: what it
 *   is called, the secret itself, what it is for
 */
export function ShownOnce({ title, secrets, onClose, children }) {
  return (
    <Dialog
      title={title}
      onClose={onClose}
      firm
      footer={
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <div class="stack">
        <Notice kind="wait">
          {secrets.length > 1
            ? "Copy both now: Signet does not show them again."
            : "Copy it now: Signet does not show it again."}
        </Notice>
        {secrets.map(([what, text, use]) => (
          <Secret key={what} what={what} text={text} use={use} />
        ))}
        {children}
      </div>
    </Dialog>
  );
}

/** A secret, whole, with a button to copy it. */
export function Secret({ what, text, use }) {
  return (
    <div class="access-secret">
      <h3>{what}</h3>
      <div class="access-box">
        <code>{text}</code>
        <Copy text={text} what={what.toLowerCase()} kind="">
          Copy
        </Copy>
      </div>
      {use && <p class="hint">{use}</p>}
    </div>
  );
}
