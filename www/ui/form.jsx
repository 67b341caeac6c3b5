// A form's values, what is wrong with them as one types, and what the API says of them.
import { useRef, useState } from "preact/hooks";
import { useAction } from "../lib/live.js";
import { whenReleased } from "../lib/press.js";
import { Notice } from "./say.jsx";

/**
 * @param {{initial: object, check?: (values: object) => Record<string, string | undefined>, submit: (values: object) => Promise<any>}} how
 *   `check` names what is wrong, by field; `submit` makes the call. A problem's `errors` are shown at the fields that
 *   their pointers name (`/url`, `/rateLimit/perSecond` and `/events/0` are `url`, `rateLimit`, `events`).
 * @returns `field(name)` gives `value`, `fault`, `onInput` and `onBlur` for a field of ui/field.jsx
 */
export function useForm({ initial, check = () => ({}), submit }) {
  const [values, setValues] = useState(initial);
  const [touched, setTouched] = useState({});
  // What the API said stays at a field until that is changed.
  const [said, setSaid] = useState({});
  const element = useRef(null);
  const faults = check(values);

  const set = (name, value) => {
    setValues((before) => ({ ...before, [name]: value }));
    setSaid((before) => ({ ...before, [name]: undefined }));
  };
  // A fault that appears moves what stands below: not while that is being clicked.
  const touch = (name) => whenReleased(() => setTouched((before) => ({ ...before, [name]: true })));

  const action = useAction(async () => {
    try {
      return await submit(values);
    } catch (problem) {
      setSaid(byField(problem.errors ?? []));
      throw problem;
    }
  });

  const onSubmit = async (event) => {
    event.preventDefault();
    setTouched(Object.fromEntries(Object.keys(values).map((name) => [name, true])));
    if (!Object.values(faults).some(Boolean)) await action.run();
    // Once the faults are shown, the first of them is where to go on.
    requestAnimationFrame(() => element.current?.querySelector('[aria-invalid="true"]')?.focus());
  };

  return {
    values,
    set,
    busy: action.busy,
    problem: action.problem,
    /** What the API said of fields that the form does not have. */
    others: Object.entries(said).filter(([name, detail]) => detail && !(name in values)),
    field: (name) => ({
      value: values[name],
      fault: said[name] ?? (touched[name] ? faults[name] : undefined),
      onInput: (value) => set(name, value),
      onBlur: () => touch(name),
    }),
    form: { ref: element, onSubmit, noValidate: true },
  };
}

function byField(errors) {
  const fields = {};
  for (const { pointer, detail } of errors) {
    const name = pointer.split("/")[1] ?? "";
    fields[name] = fields[name] ? `${fields[name]} ${sentence(detail)}` : sentence(detail);
  }
  return fields;
}

/** A detail goes on from its pointer, `must be …`; at a field it stands alone. */
const sentence = (detail) => `${detail.charAt(0).toUpperCase()}${detail.slice(1)}${/[.?]$/.test(detail) ? "" : "."}`;

/** What the API refused, where no field shows it. */
export function FormProblem({ of }) {
  const shown = of.others.map(([name, detail]) => `${name}: ${detail}`);
  const isShownElsewhere = of.problem?.errors?.length > 0 && shown.length === 0;
  if (!of.problem || isShownElsewhere) return null;
  return <Notice kind="bad">{shown.length > 0 ? shown.join(" ") : of.problem.message}</Notice>;
}
