import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "../lib/api.js";
import { useAction } from "../lib/live.js";
import { parting, signIn } from "../lib/session.js";
import { isLink, keyIn, parted } from "../lib/token.js";
import { Button } from "../ui/button.jsx";
import { TextField } from "../ui/field.jsx";
import { Mark } from "../ui/mark.jsx";
import { arrive } from "../ui/page.jsx";
import { Notice } from "../ui/say.jsx";

/** What is wrong with what was typed, where nobody has to be asked. */
class Unfit extends Error {}

export function SignIn() {
  const form = useRef(null);
  const [typed, setTyped] = useState("");
  const { busy, problem, run, clear } = useAction(async () => {
    if (typed.trim() === "") throw new Unfit("Paste your key here.");
    const asked = keyIn(typed);
    if (!asked) throw new Unfit("A key is one word of plain characters.");
    try {
      await get("/v1/me", { as: asked });
    } catch (refused) {
      if (refused.status === 401) throw new Unfit(unknown(asked));
      // The key is right, and the application in the address is not: that is for the page to say.
      if (refused.status !== 404) throw refused;
    }
    arrive();
    signIn(asked);
  });
  useEffect(() => {
    document.title = "Sign in · Signet";
    form.current.querySelector("input").focus();
  }, []);
  const submit = async (event) => {
    event.preventDefault();
    await run();
    form.current?.querySelector('[aria-invalid="true"]')?.focus();
  };
  const type = (text) => {
    setTyped(text);
    clear();
  };
  return (
    <main class="alone">
      <form class="stack" ref={form} onSubmit={submit} noValidate>
        <div class="brand">
          <Mark />
          Signet
        </div>
        <h1>Sign in</h1>
        {parting.value && <Notice kind="wait">{parting.value}</Notice>}
        <TextField
          label="Key or portal link"
          hint="It stays in this tab, until you close it or sign out."
          fault={problem instanceof Unfit && problem.message}
          type="password"
          name="key"
          autocomplete="off"
          mono
          required
          value={typed}
          onInput={type}
        />
        {problem && !(problem instanceof Unfit) && <Notice kind="bad">{said(problem)}</Notice>}
        <Button type="submit" kind="primary" busy={busy}>
          Sign in
        </Button>
        <p class="soft small">
          Keys are made on the page Access, or by the API. The key of a local <code>npm start</code> is{" "}
          <code>local-operator-key</code>. The API's own document is <a href="/openapi.json">/openapi.json</a>.
        </p>
      </form>
    </main>
  );
}

const unknown = (asked) =>
  isLink(asked) ? parted(asked) : "Signet knows no such key. It may have been revoked, or a character is missing.";

const said = (problem) => (problem.status === 0 ? "Signet does not answer. Try again in a moment." : problem.message);
