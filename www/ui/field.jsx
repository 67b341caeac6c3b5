// Fields of a form: a label, what it is for, and what is wrong with it, all told to those who can't see them too.
import { useId } from "preact/hooks";

/** A labelled field; `children` gets the attributes that tie the control to its label, hint and fault. */
export function Field({ label, hint, fault, optional, children }) {
  const id = useId();
  const described = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>
        {label}
        {optional && <span class="optional"> (optional)</span>}
      </label>
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": fault ? "true" : undefined })}
      {hint && (
        <div class="hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      <div id={`${id}-fault`} class={fault ? "fault" : undefined} aria-live="polite">
        {fault}
      </div>
    </div>
  );
}

const split = ({ label, hint, fault, optional, onInput, mono, ...more }) => [
  { label, hint, fault, optional },
  { ...more, onInput: (event) => onInput?.(event.currentTarget.value) },
  mono ? " mono" : "",
];

/** One line of text; `onInput` gets the text. */
export function TextField(props) {
  const [field, input, mono] = split(props);
  return <Field {...field}>{(tied) => <input class={`input${mono}`} spellcheck={false} {...input} {...tied} />}</Field>;
}

/** Several lines. */
export function TextArea(props) {
  const [field, input, mono] = split(props);
  return (
    <Field {...field}>{(tied) => <textarea class={`area${mono}`} spellcheck={false} {...input} {...tied} />}</Field>
  );
}

/** A choice of few: `options` are `[value, label]`. */
export function SelectField({ options, value, ...props }) {
  const [field, input] = split(props);
  return (
    <Field {...field}>
      {(tied) => (
        <select class="select" {...input} {...tied}>
          {options.map(([one, text]) => (
            <option key={one} value={one} selected={one === value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** A box to tick; `onInput` gets whether it is. */
export function CheckField({ label, hint, checked, onInput, ...more }) {
  const id = useId();
  return (
    <label class="check">
      <input
        {...more}
        type="checkbox"
        checked={checked}
        aria-describedby={hint && id}
        onInput={(event) => onInput?.(event.currentTarget.checked)}
      />
      <span>
        {label}
        {hint && (
          <span class="hint" id={id}>
            <br />
            {hint}
          </span>
        )}
      </span>
    </label>
  );
}

/** A few choices side by side, of which one holds: `options` are `[value, label]`. */
export function Segments({ label, options, value, onInput }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset has a frame of its own and can't be laid out in a line
    <div class="segments" role="group" aria-label={label}>
      {options.map(([one, text]) => (
        <button key={one} type="button" aria-pressed={one === value} onClick={() => onInput(one)}>
          {text}
        </button>
      ))}
    </div>
  );
}
