// Why is a request not verified? Somebody brings it as it was captured; Signet says step by step where it parts.
import { useEffect, useRef, useState } from "preact/hooks";
import { post } from "../../lib/api.js";
import { useLive } from "../../lib/live.js";
import { place } from "../../lib/router.js";
import { Button } from "../../ui/button.jsx";
import { Segments, TextArea, TextField } from "../../ui/field.jsx";
import { FormProblem, useForm } from "../../ui/form.jsx";
import { Loading, Notice } from "../../ui/say.jsx";
import { lines, pairs, read } from "./captured.js";
import { Report } from "./report.jsx";
import { requestsOf } from "./requests.jsx";
import { REASONS, urlOf } from "./words.js";

export function Explain({ source }) {
  const id = place.value.query.get("request");
  const log = useLive(id ? requestsOf(source) : null, { every: 0 });
  if (id && !log.data && !log.problem) return <Loading />;
  const entry = log.data?.data.find((one) => one.id === id);
  return <Form key={id} source={source} entry={entry} />;
}

/** What is known of a request that is in the log. What stands there as `***` is not. */
function known(source, entry) {
  const url = entry ? urlOf(entry, source) : source.url;
  return { method: entry?.method ?? "POST", url, headers: "", body: "", kind: "text", at: entry?.time ?? "" };
}

function Form({ source, entry }) {
  const [report, setReport] = useState(null);
  const result = useRef(null);
  const form = useForm({
    initial: known(source, entry),
    check: ({ headers, url }) => ({
      headers: headersFault(headers),
      url: url.trim() ? undefined : "Give the whole URL.",
    }),
    submit: async (values) => setReport(await post(`/v1/sources/${source.id}/explain`, asked(values))),
  });
  const { values, field, set } = form;
  useEffect(() => {
    if (report) result.current.querySelector("h2").focus();
  }, [report]);

  const take = (captured) => {
    set("method", captured.method);
    if (captured.url) set("url", captured.url);
    set("headers", lines(captured.headers));
    set("kind", captured.bodyBase64 === undefined ? "text" : "base64");
    set("body", captured.bodyBase64 ?? captured.body ?? "");
    if (captured.at) set("at", captured.at);
  };

  return (
    <div class="src-beside src-even">
      <form class="panel padded stack" {...form.form}>
        <div class="stack tight">
          <h2>A captured request</h2>
          <p class="soft">
            Bring a request as it came, byte for byte, and Signet says why it is not verified. Nothing of it is stored
            or sent on.
          </p>
        </div>
        {entry && (
          <Notice>
            <span>
              From the log: {REASONS[entry.reason]?.[0].toLowerCase() ?? entry.outcome}. Its headers and body were not
              kept: copy them from the provider’s log of deliveries.
              {entry.path.includes("=***") && " What stands as *** in its URL is a secret: put it back."}
            </span>
          </Notice>
        )}
        <Paste base={source.url} take={take} />
        <div class="src-method-url">
          <TextField label="Method" mono {...field("method")} />
          <TextField label="URL" mono {...field("url")} />
        </div>
        <TextArea label="Headers" placeholder="Name: value, one a line" mono rows={6} {...field("headers")} />
        <TextArea
          label="Body"
          hint={
            values.kind === "text"
              ? "Byte for byte as sent: a space more or less counts. What is no text, or has lines that end in CRLF, goes as base64."
              : "The bytes in base64, with padding."
          }
          mono
          rows={8}
          {...field("body")}
        />
        <div class="row apart">
          <Segments
            label="The body is"
            options={[
              ["text", "Text"],
              ["base64", "Base64"],
            ]}
            value={values.kind}
            onInput={(kind) => set("kind", kind)}
          />
        </div>
        <TextField
          label="Came at"
          optional
          hint="When it came, to judge the signed time by. Left out: now."
          placeholder="2026-05-18T12:00:00Z"
          mono
          {...field("at")}
        />
        <FormProblem of={form} />
        <div>
          <Button type="submit" kind="primary" busy={form.busy}>
            Explain
          </Button>
        </div>
      </form>
      <div ref={result}>{report ? <Report report={report} /> : <Nothing />}</div>
    </div>
  );
}

function Nothing() {
  return (
    <p class="src-nothing soft">
      What Signet finds stands here: the verdict, what is likely wrong and what to do, and each step that was looked at.
    </p>
  );
}

/** Fills the form from what one has at hand. */
function Paste({ base, take }) {
  const [text, setText] = useState("");
  const [said, setSaid] = useState(null);
  const onInput = (pasted) => {
    setText(pasted);
    if (pasted.trim() === "") return setSaid(null);
    try {
      const captured = read(pasted, base);
      take(captured);
      const size = (captured.bodyBase64 ?? captured.body ?? "").length;
      setSaid({
        text: `Read: ${captured.method}, ${count(captured.headers.length, "header")}, ${
          size > 0 ? "with a body" : "without a body"
        }.`,
      });
    } catch (error) {
      setSaid({ fault: error.message });
    }
  };
  return (
    <TextArea
      label="Paste a curl command, raw HTTP or JSON"
      optional
      hint={said?.text ?? "It fills the fields below."}
      fault={said?.fault}
      placeholder={"POST /in/… HTTP/1.1\nX-Hub-Signature-256: sha256=…\n\n{…}"}
      mono
      rows={3}
      value={text}
      onInput={onInput}
    />
  );
}

const count = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

function asked({ method, url, headers, body, kind, at }) {
  return {
    method: method.trim() || "POST",
    url: url.trim(),
    headers: pairs(headers),
    [kind === "base64" ? "bodyBase64" : "body"]: kind === "base64" ? body.replace(/\s+/g, "") : body,
    at: at.trim() || undefined,
  };
}

function headersFault(text) {
  try {
    pairs(text);
    return undefined;
  } catch (error) {
    return error.message;
  }
}
