// What was refused, and what can be done about it.
import { Notice } from "../../ui/say.jsx";

export function Advice({ of, url }) {
  return (
    <Notice kind="bad">
      <div class="stack tight">
        <strong>{of.message}</strong>
        {of.errors?.map(({ pointer, detail }) => (
          <span key={pointer}>
            <code>{pointer}</code> {detail}
          </span>
        ))}
        {of.code === "private_address" && <Private url={url} />}
      </div>
    </Notice>
  );
}

/** Signet runs where only this machine or network sees it. */
export function Private({ url }) {
  return (
    <p>
      The receiver is at <code>{url}</code>, which is no public address, and this deployment delivers to public
      addresses alone. On your own machine set <code>ALLOW_PRIVATE_DESTINATIONS=true</code> in <code>.dev.vars</code>{" "}
      and start Signet again. Or subscribe with a URL that is public.
    </p>
  );
}
