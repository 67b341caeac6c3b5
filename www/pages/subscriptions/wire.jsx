// What a delivery looks like on the wire, made by the API as it would be sent; and when it is tried again.
import { useEffect, useRef, useState } from "preact/hooks";
import { post } from "../../lib/api.js";
import { TextArea, TextField } from "../../ui/field.jsx";
import { Panel } from "../../ui/page.jsx";
import { Loading, Notice } from "../../ui/say.jsx";
import { Body } from "../../ui/text.jsx";
import { parsed, typeFault } from "./checks.js";
import { scheduleInWords, timeline } from "./words.js";

const DATA = '{\n  "message": "This is a test event."\n}';
const PAUSE = 350;

/**
 * @param {{profile: string, usual: string, more: object}} props `usual` is the example's type until another is
 *   typed; `more` goes along as it is: URL, headers, secret
 */
export function WirePreview({ profile, usual, more }) {
  const [typed, setTyped] = useState(null);
  const [data, setData] = useState(DATA);
  const type = typed ?? usual;
  const faults = {
    type: typeFault(type),
    data: parsed(data) === undefined ? "This is not JSON." : undefined,
  };
  const isSound = !faults.type && !faults.data;
  // The data go as they are written: a number of twenty digits stays one.
  const body = `{"data":${data},${JSON.stringify({ type, ...more }).slice(1)}`;
  const { request, problem } = usePreview(isSound ? profile : null, body);
  return (
    <Panel title="On the wire">
      <div class="panel-inside stack">
        {problem && <Notice kind="bad">{problem.errors?.[0]?.detail ?? problem.message}</Notice>}
        {request ? <Request of={request} /> : !problem && <Loading lines={6} />}
        <details class="subs-fold">
          <summary>Change the example</summary>
          <div class="stack">
            <TextField label="Type" mono value={type} onInput={setTyped} fault={faults.type} />
            <TextArea label="Data" mono rows={5} value={data} onInput={setData} fault={faults.data} />
          </div>
        </details>
      </div>
    </Panel>
  );
}

/** What was previewed last stays until there is something newer. */
function usePreview(profile, body) {
  const [state, setState] = useState({ request: null, problem: null });
  const isFirst = useRef(true);
  useEffect(() => {
    if (profile === null) return undefined;
    const controller = new AbortController();
    const ask = async () => {
      isFirst.current = false;
      try {
        const path = `/v1/profiles/${encodeURIComponent(profile)}/preview`;
        setState({ request: await post(path, body, { signal: controller.signal }), problem: null });
      } catch (problem) {
        if (!controller.signal.aborted) setState((before) => ({ ...before, problem }));
      }
    };
    const timer = setTimeout(ask, isFirst.current ? 0 : PAUSE);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [profile, body]);
  return state;
}

function Request({ of: { method, url, headers, body } }) {
  return (
    <div class="stack tight">
      <section class="subs-request" aria-label="Request">
        <p>
          <b>{method}</b> {url}
        </p>
        <dl>
          {headers.map(({ name, value }) => (
            <div key={name}>
              <dt>{name}:</dt> <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </section>
      <Body text={body} label="body" />
      <p class="hint">Ids, times and the secret that signs are an example's.</p>
    </div>
  );
}

/** When a delivery is tried again that nobody takes. */
export function Retries({ of: { retry, timeoutSeconds } }) {
  const { delays, jitter } = retry;
  return (
    <Panel title="Retry schedule" actions={<span class="soft small">{scheduleInWords(retry)}</span>}>
      <div class="panel-inside stack tight">
        <ol class="subs-timeline">
          {timeline(delays).map(({ label, total }, at) => (
            <li key={at}>
              <b class="number">{label}</b>
              <span class="soft number">{total && `at ${total}`}</span>
            </li>
          ))}
        </ol>
        <p class="hint">
          Each wait begins at the end of the attempt before
          {jitter > 0 && `, and chance makes it up to ${Math.round(jitter * 100)} % longer`}. An attempt may take{" "}
          {timeoutSeconds} s. After the last one the delivery has failed.
        </p>
      </div>
    </Panel>
  );
}
