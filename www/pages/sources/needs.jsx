// What a provider needs, and what one should know of it, beside the form.
import { BookOpen } from "lucide";
import { Icon } from "../../ui/icon.jsx";
import { Marked } from "./marked.jsx";
import { CUSTOM, learns, pageOf } from "./search.js";

export function Needs({ provider, name }) {
  if (name === CUSTOM) return <NeedsOfCustom />;
  if (!provider) {
    return (
      <aside class="src-needs panel padded" aria-label="What the provider needs">
        <p class="soft">Choose a provider, and what it needs stands here.</p>
      </aside>
    );
  }
  const page = pageOf(provider);
  return (
    <aside class="src-needs panel padded stack" aria-label="What the provider needs">
      <h2>{provider.title}</h2>
      <dl class="stack tight">
        <Fact name="Secret">
          <Marked text={provider.secret} />
        </Fact>
        <Fact name="How it signs">{ways(provider)}</Fact>
        {provider.handshakes?.length > 0 && (
          <Fact name="Handshake">
            {learns(provider)
              ? "It tells its secret when the webhook is made; Signet keeps it. No secret has to be entered."
              : "Signet answers its question itself, so the URL can be entered there at once."}
          </Fact>
        )}
        {provider.notes && (
          <Fact name="Good to know">
            <Marked text={provider.notes} />
          </Fact>
        )}
      </dl>
      {page && (
        <a class="src-docs-link" href={page} target="_blank" rel="noreferrer">
          <Icon of={BookOpen} />
          {provider.title}’s own documentation
        </a>
      )}
    </aside>
  );
}

function NeedsOfCustom() {
  return (
    <aside class="src-needs panel padded stack" aria-label="What the provider needs">
      <h2>Custom signature</h2>
      <p>Most providers sign with a shared secret. Say as data how yours does:</p>
      <dl class="stack tight">
        <Fact name="content">
          What is signed: <code>{"{body}"}</code>, <code>{"{timestamp}"}</code>, <code>{"{id}"}</code>,{" "}
          <code>{"{method}"}</code>, <code>{"{url}"}</code>, <code>{"{path}"}</code>, <code>{"{header:X-Name}"}</code>.
        </Fact>
        <Fact name="header, format">
          Where the signature stands, and how: <code>{"sha256={signature}"}</code>,{" "}
          <code>{"t={timestamp},v1={signature}"}</code> with <code>separator</code>.
        </Fact>
        <Fact name="algorithm">
          hmac-sha256, hmac-sha1, hmac-sha384, hmac-sha512, hmac-md5, ed25519, ecdsa-p256-sha256, rsa-sha256 … or token,
          where the header holds the secret itself.
        </Fact>
        <Fact name="secretEncoding, encoding">
          How to read the secret (utf8, base64, hex, whsec) and the signature (hex, hex-upper, base64, base64url, text).
        </Fact>
        <Fact name="timestampHeader, idHeader">
          Headers of their own; timestampField and idField, where they stand in the body.
        </Fact>
      </dl>
    </aside>
  );
}

function Fact({ name, children }) {
  return (
    <div>
      <dt class="soft small">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function ways({ signatures }) {
  const said = signatures.map((way) =>
    way.own ? "in a way of its own" : `${way.algorithm === "token" ? "a token" : way.algorithm} in ${way.header}`,
  );
  return said.length > 0 ? `${[...new Set(said)].join("; or ")}.` : "It signs nothing.";
}
