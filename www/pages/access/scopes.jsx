import { useId } from "preact/hooks";
import { me } from "../../lib/session.js";
import { CheckField, Segments } from "../../ui/field.jsx";
import { choices, chosen, ordered, SCOPES } from "./scopes.js";

/** Scopes to be chosen, of those that the caller has: nobody hands on more. */
export function ScopesField({ label, value, fault, onInput }) {
  const id = useId();
  const allowed = me.value.scopes;
  const usual = choices(allowed);
  const set = (scope, on) => onInput(ordered(on ? [...value, scope] : value.filter((one) => one !== scope)));
  return (
    <fieldset class="access-scopes stack tight" aria-describedby={fault ? id : undefined}>
      <legend>{label}</legend>
      {usual.length > 1 && (
        <Segments
          label="Usual choices"
          options={usual}
          value={chosen(usual, value)}
          onInput={(choice) => onInput(usual.find(([one]) => one === choice)[2])}
        />
      )}
      <div class="access-boxes">
        {SCOPES.filter(([scope]) => allowed.includes(scope)).map(([scope, words]) => (
          <CheckField
            key={scope}
            label={words}
            hint={<code>{scope}</code>}
            checked={value.includes(scope)}
            aria-invalid={fault ? "true" : undefined}
            onInput={(on) => set(scope, on)}
          />
        ))}
      </div>
      <div id={id} class={fault ? "fault" : undefined} aria-live="polite">
        {fault}
      </div>
    </fieldset>
  );
}
