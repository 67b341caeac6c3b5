// The secret that a source signs with for its origin: shown when it is made, and never again.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Button } from "../../ui/button.jsx";
import { Code } from "../../ui/text.jsx";

const kept = signal(null);

/** Keeps the secret of an answer, where it has one, to be shown on the source's page. */
export function keep({ id, signingSecret }) {
  if (signingSecret) kept.value = { id, signingSecret };
}

/** Shows it, until somebody says that they have it or goes away. */
export function Once({ id }) {
  useEffect(
    () => () => {
      kept.value = null;
    },
    [id],
  );
  const isThere = kept.value?.id === id;
  const heading = useRef(null);
  useEffect(() => {
    if (isThere) heading.current.focus();
  }, [isThere]);
  if (!isThere) return null;
  return (
    <section class="src-once panel padded stack tight" aria-label="New signing secret">
      <h2 ref={heading} tabIndex={-1}>
        Copy the signing secret now
      </h2>
      <p class="soft">
        Signet signs anew with it, as Standard Webhooks: give it to your origin to check <code>webhook-signature</code>.
        It is not shown again.
      </p>
      <Code text={kept.value.signingSecret} label="Signing secret" wrap />
      <div>
        <Button
          onClick={() => {
            kept.value = null;
          }}
        >
          I have it
        </Button>
      </div>
    </section>
  );
}
