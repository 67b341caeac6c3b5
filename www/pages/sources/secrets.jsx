// The secrets of a source, one field each. They go one way: what is stored is never shown.
import { Plus, X } from "lucide";
import { useRef, useState } from "preact/hooks";
import { whole } from "../../lib/format.js";
import { Button } from "../../ui/button.jsx";
import { CheckField, Field } from "../../ui/field.jsx";

const MOST = 20;

/** @param {{value: string[], fault?: string, hint?: any, onInput: (secrets: string[]) => void, onBlur?: () => void}} props */
export function Secrets({ value, fault, hint, onInput, onBlur }) {
  const [isShown, setShown] = useState(false);
  const several = value.length > 1;
  const fields = useRef(null);
  // Where there is one field more or less, the focus is in the last one.
  const resize = (secrets) => {
    onInput(secrets);
    requestAnimationFrame(() => [...fields.current.querySelectorAll("textarea")].at(-1).focus());
  };
  const change = (at, text) => onInput(value.map((one, index) => (index === at ? text : one)));
  return (
    <div class="stack tight src-secrets" ref={fields}>
      {value.map((secret, at) => (
        <Field
          key={at}
          label={several ? `Secret ${at + 1}` : "Secret"}
          hint={edges(secret) ?? (at === value.length - 1 ? hint : undefined)}
          fault={at === value.length - 1 ? fault : undefined}
        >
          {(tied) => (
            <div class="src-with-button">
              {/* A public key has several lines. */}
              <textarea
                {...tied}
                class={`input mono ${isShown ? "" : "src-masked"}`}
                rows={1}
                autocomplete="off"
                spellcheck={false}
                value={secret}
                onInput={(event) => change(at, event.currentTarget.value)}
                onBlur={onBlur}
              />
              {several && (
                <Button
                  kind="plain"
                  icon={X}
                  label={`Leave out secret ${at + 1}`}
                  onClick={() => resize(value.filter((_, index) => index !== at))}
                />
              )}
            </div>
          )}
        </Field>
      ))}
      <div class="row apart">
        {value.length < MOST && (
          <Button small icon={Plus} onClick={() => resize([...value, ""])}>
            Another secret
          </Button>
        )}
        <CheckField label="Show what I type" checked={isShown} onInput={setShown} />
      </div>
    </div>
  );
}

const edges = (secret) =>
  /^[ \t]|[ \t]$/.test(secret) ? "It begins or ends with a space: is that part of it?" : undefined;

/** What becomes of stored secrets: kept, or all replaced. */
export function Stored({ count, keep, onKeep }) {
  return (
    <CheckField
      label={keptWords(count)}
      hint="They are never shown again, and can only be replaced all together."
      checked={keep}
      onInput={onKeep}
    />
  );
}

function keptWords(count) {
  if (count === null) return "Keep what is stored";
  return count === 1 ? "Keep the stored secret" : `Keep the ${whole(count)} stored secrets`;
}
