// What was tried and waits to be tried again, the soonest first.

import { href } from "../../lib/router.js";
import { ButtonLink } from "../../ui/button.jsx";
import { Due } from "../../ui/due.jsx";
import { Panel } from "../../ui/page.jsx";
import { Shown } from "../../ui/say.jsx";

export const SHOWN = 7;

/** @param {{of: object, named: (id: string) => object | undefined}} props `of`: what `useLive` reads */
export function Retrying({ of, named }) {
  const all = of.data?.data ?? [];
  const more = all.length > SHOWN && (
    <ButtonLink kind="plain" small href={href("/deliveries", { status: "pending" })}>
      All pending
    </ButtonLink>
  );
  return (
    <Panel title="Waiting for a retry" actions={more}>
      <Shown of={of}>
        {() =>
          all.length === 0 ? (
            <p class="over-none">Nothing waits to be tried again.</p>
          ) : (
            <ul class="over-retrying">
              {all.slice(0, SHOWN).map((one) => (
                <li key={one.id}>
                  <One of={one} known={named(one.subscription ?? one.source ?? "")} />
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </Panel>
  );
}

function One({ of, known }) {
  const to = known === undefined ? "…" : (known?.name ?? of.url ?? of.subscription ?? of.source);
  return (
    <a href={href(`/deliveries/${of.id}`)}>
      <span class="what">
        <strong class="cut">{of.event.type}</strong>
        <span class="soft cut" title={of.url}>
          {to}
        </span>
      </span>
      <span class="when number">
        <Due at={of.nextAttemptAt} late={known?.failingSince ? "spared" : undefined} />
        <span class="soft">
          attempt {of.attemptCount + 1} of {Math.max(of.maxAttempts, of.attemptCount + 1)}
        </span>
      </span>
    </a>
  );
}
