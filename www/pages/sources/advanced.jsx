// What most sources leave as it is.
import { useState } from "preact/hooks";
import { CheckField, TextField } from "../../ui/field.jsx";

const FOLDED = ["toleranceSeconds", "timeoutSeconds", "publicUrl", "host", "path"];

export function Advanced({ of }) {
  const { values, field, set, provider } = of;
  const wantsUrl = /publicUrl/.test(provider?.notes ?? "");
  // Not folded over something that is set, wrong or asked for.
  const isUsed = !values.deduplicate || wantsUrl || FOLDED.some((name) => values[name] !== "" || field(name).fault);
  const [isOpen, setOpen] = useState(isUsed);
  return (
    <details class="src-advanced" open={isOpen || isUsed} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Advanced</summary>
      <div class="stack">
        <div class="src-pair">
          <TextField
            label="Tolerance"
            optional
            hint="Seconds that a signed time may be off. Left out: the provider's own."
            inputmode="numeric"
            {...field("toleranceSeconds")}
          />
          <TextField
            label="Timeout"
            optional
            hint="Seconds that the origin may take, 1 to 100. Left out: 25."
            inputmode="numeric"
            {...field("timeoutSeconds")}
          />
        </div>
        <CheckField
          label="Let a message through only once"
          hint="Known by the provider's id or its signature, for seven days."
          checked={values.deduplicate}
          onInput={(is) => set("deduplicate", is)}
        />
        <TextField
          label="Public URL"
          optional
          hint={
            wantsUrl
              ? "This provider signs the URL. Set it where it was given another one than this source's own."
              : "The URL that the provider was given, where that is another one and the URL is signed."
          }
          type="url"
          inputmode="url"
          mono
          {...field("publicUrl")}
        />
        <div class="src-pair">
          <TextField
            label="Route: host"
            optional
            placeholder="api.example.com"
            hint="Requests to that host and path are this source's too."
            mono
            {...field("host")}
          />
          <TextField
            label="Route: path"
            optional
            placeholder="/hooks/github"
            hint="Exact, or with /* at its end for all below."
            mono
            {...field("path")}
          />
        </div>
      </div>
    </details>
  );
}
