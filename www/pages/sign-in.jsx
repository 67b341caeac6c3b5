import { useState } from "preact/hooks";
import { get } from "../lib/api.js";
import { useAction } from "../lib/live.js";
import { parting, signIn } from "../lib/session.js";
import { Button } from "../ui/button.jsx";
import { TextField } from "../ui/field.jsx";
import { Mark } from "../ui/mark.jsx";
import { Notice } from "../ui/say.jsx";

export function SignIn() {
  const [typed, setTyped] = useState("");
  const { busy, problem, run } = useAction(async () => {
    const asked = keyOf(typed);
    // A header takes nothing else, and no key has anything else.
    if (!/^[!-~]+$/.test(asked)) throw new Error("A key is one word of plain characters.");
    await get("/v1/me", { as: asked });
    signIn(asked);
  });
  const submit = (event) => {
    event.preventDefault();
    run();
  };
  return (
    <main class="alone">
      <form class="stack" onSubmit={submit}>
        <div class="brand">
          <Mark />
          Signet
        </div>
        <h1>Sign in</h1>
        {parting.value && <Notice kind="wait">{parting.value}</Notice>}
        <TextField
          label="Key or portal link"
          hint="It stays in this tab, until you close it."
          fault={problem && said(problem)}
          type="password"
          autocomplete="off"
          mono
          required
          autofocus
          value={typed}
          onInput={setTyped}
        />
        <Button type="submit" kind="primary" busy={busy}>
          Sign in
        </Button>
        <p class="soft small">
          The key of a local <code>npm start</code> is <code>local-operator-key</code>. The API's own document is at{" "}
          <a href="/openapi.json">/openapi.json</a>.
        </p>
      </form>
    </main>
  );
}

/** A link holds its token behind the `#`. */
const keyOf = (typed) => typed.trim().split("#token=").at(-1);

const said = (problem) =>
  problem.status === 401 ? "Signet knows no such key. It may have been revoked." : problem.message;
