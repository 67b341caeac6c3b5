// The program that verifies what a subscription sends, in the language of whoever receives it.
import { href, place } from "../../lib/router.js";
import { languages, secretVariable, snippet } from "../../snippets/index.js";
import { Panel } from "../../ui/page.jsx";
import { Empty } from "../../ui/say.jsx";
import { Code } from "../../ui/text.jsx";

export function Receiver({ subscription, profiles }) {
  const scheme = profiles.find(({ name }) => name === subscription.profile)?.signature;
  const how = { scheme, publicKey: subscription.publicKey };
  const able = scheme ? languages.filter(({ id }) => snippet(id, how) !== null) : [];
  if (able.length === 0) {
    return (
      <Panel>
        <Empty title="No program for this profile">
          What it signs can't be written as one program. The tab Wire shows what a receiver gets.
        </Empty>
      </Panel>
    );
  }
  const wanted = place.value.query.get("language");
  const chosen = able.find(({ id }) => id === wanted) ?? able[0];
  const variable = secretVariable(how);
  return (
    <Panel title="A receiver that verifies">
      <div class="panel-inside stack">
        <p class="soft">
          A whole program: it answers 204 to what is genuine, and 401 to everything else.
          {variable && (
            <>
              {" "}
              It reads {variable === "WEBHOOK_SECRET" ? "the signing secret" : "the public key"} from{" "}
              <code>{variable}</code>.
            </>
          )}
        </p>
        <nav class="scroller" aria-label="Languages">
          <div class="segments">
            {able.map(({ id, name }) => (
              <a
                key={id}
                href={href(place.value.path, { tab: "receiver", language: id })}
                aria-current={id === chosen.id ? "true" : undefined}
              >
                {name}
              </a>
            ))}
          </div>
        </nav>
        <dl class="facts small">
          <dt>File</dt>
          <dd>
            <code>{chosen.file}</code>
          </dd>
          <dt>Run</dt>
          <dd>
            <code>{chosen.run}</code>
          </dd>
        </dl>
        <Code text={snippet(chosen.id, how)} label={chosen.file} />
      </div>
    </Panel>
  );
}
