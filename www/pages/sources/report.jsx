// What Signet found of a captured request.
import { Check, CircleCheck, CircleX, Lightbulb, X } from "lucide";
import { Icon } from "../../ui/icon.jsx";
import { Marked } from "./marked.jsx";
import { named, REASONS, STEPS } from "./words.js";

export function Report({ report }) {
  const { verified, reason, steps, hints } = report;
  return (
    <section class="panel src-report" aria-label="Explanation">
      <header class={verified ? "good" : "bad"}>
        <Icon of={verified ? CircleCheck : CircleX} />
        <div>
          <h2 tabIndex={-1}>{verified ? "It is verified" : "It is not verified"}</h2>
          <p>{verified ? "Such a request is let through." : (REASONS[reason]?.[0] ?? reason)}</p>
        </div>
      </header>
      {hints.length > 0 && (
        <div class="src-part">
          <h3>What is likely wrong</h3>
          <ul class="stack tight" aria-label="Hints">
            {hints.map(({ code, detail }, at) => (
              <li key={at} class="src-hint-card">
                <Icon of={Lightbulb} />
                <div>
                  <strong>{named(code)}</strong>
                  <p>
                    <Marked text={detail} />
                  </p>
                </div>
              </li>
            ))}
          </ul>
        </div>
      )}
      <div class="src-part">
        <h3>What was looked at</h3>
        <ol class="src-steps" aria-label="Steps">
          {steps.map(({ step, ok, detail }, at) => (
            <li key={at} class={ok ? "good" : "bad"}>
              <Icon of={ok ? Check : X} />
              <div>
                <strong>
                  {STEPS[step] ?? named(step)}
                  <span class="unseen">{ok ? ": as it should be." : ": here it parts."}</span>
                </strong>
                <p>
                  <Marked text={detail} />
                </p>
              </div>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}
