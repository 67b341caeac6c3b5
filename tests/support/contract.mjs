// The API's own document as a judge: whatever a test asks for has to be answered as www/openapi.json says, and whatever
// was granted has to have been asked for as it says.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";

export const document = JSON.parse(readFileSync(path.resolve(import.meta.dirname, "../../www/openapi.json"), "utf8"));

const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false });
formats(ajv, ["date-time"]);
// What a URL may be is said by its pattern.
ajv.addFormat("uri", true);
ajv.addSchema(document, "asked");
// To its readers the document leaves room for what will be answered some day; here it is to name all that is answered now.
ajv.addSchema(closed(document), "answered");

const routes = Object.keys(document.paths).map((template) => ({
  template,
  pattern: new RegExp(`^${template.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/?]+")}$`),
}));

/** The operation that a request is for; `undefined` where there is no such path or method. */
export function find(method, where) {
  const target = where.split("?")[0];
  const fitting = routes.filter(({ pattern }) => pattern.test(target));
  // A path without placeholders comes before one with them.
  const template = fitting.sort((a, b) => a.template.split("{").length - b.template.split("{").length)[0]?.template;
  const item = document.paths[template];
  return { template, item, operation: item?.[method.toLowerCase()] };
}

/**
 * Asserts that a request and its answer are as the document has them.
 *
 * @param {{method: string, where: string, body?: string | Buffer, headers: Record<string, string>}} asked header names in lower case
 * @param {{status: number, headers: object, text: string, json: any}} answer
 */
export function judge(asked, answer) {
  const { method, where } = asked;
  // On the hosts of an origin that Signet stands in front of nothing is Signet's own.
  if ("host" in asked.headers) return;
  const { template, item, operation } = find(method, where);
  const name = `${method} ${template ?? where.split("?")[0].slice(0, 80)} ${answer.status}`;
  if (operation === undefined) {
    if (/^\/(v1\/|metrics$|healthz$)/.test(where)) unknown(name, method, item, answer);
    return;
  }
  const said = operation.responses[answer.status] ?? operation.responses[`${String(answer.status)[0]}XX`];
  const response = resolved(said ?? operation.responses.default);
  assert.ok(response, `${name}: the document does not know this status: ${answer.text.slice(0, 300)}`);
  for (const [header, { required, schema }] of Object.entries(response.headers ?? {})) {
    const value = answer.headers[header.toLowerCase()];
    if (value === undefined) assert.ok(!required, `${name}: the header ${header} is missing`);
    else check(`${name}, header ${header}`, ajv.compile(schema), typed(value, schema));
  }
  const at = ["paths", template, method.toLowerCase()];
  if (answer.status < 300) granted(name, at, operation, item, asked, answer);
  if (!said || operation["x-signet-scope"] === "none") return;
  const kind = (answer.headers["content-type"] ?? "").split(";")[0];
  if (!response.content) return assert.equal(answer.text, "", `${name}: the document knows no body`);
  assert.ok(response.content[kind], `${name}: the document knows no body of type ${kind}`);
  if (!/json/.test(kind)) return;
  const place = said.$ref ? said.$ref.slice(2).split("/") : [...at, "responses", statusOf(operation, answer.status)];
  check(`${name}, answer`, compiled("answered", [...place, "content", kind, "schema"]), answer.json);
}

/** What is offered nowhere is refused as such, once it is known who asks. */
function unknown(name, method, item, answer) {
  if (method === "HEAD" && item?.get?.["x-signet-scope"] === "none") return;
  const allowed = item ? [401, 404, 405, 429, 503] : [401, 404, 429, 503];
  assert.ok(allowed.includes(answer.status), `${name}: the document does not know this operation`);
  if (answer.status === 405) assert.ok(answer.headers.allow, `${name}: the header Allow is missing`);
  if (method !== "HEAD") {
    check(`${name}, answer`, compiled("answered", ["components", "schemas", "Problem"]), answer.json);
  }
}

/** A request that was granted is one that the document allows. */
function granted(name, at, operation, item, { where, headers, body }, answer) {
  const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(resolved);
  const given = new URLSearchParams(where.split("?").slice(1).join("?"));
  const known = parameters.filter((one) => one.in === "query").map((one) => one.name);
  if (operation["x-signet-scope"] !== "none") {
    for (const parameter of given.keys()) {
      // What takes no parameters looks at none.
      assert.ok(known.length === 0 || known.includes(parameter), `${name}: granted with the unknown ${parameter}`);
    }
  }
  for (const one of parameters) {
    const value = { query: given.get(one.name), header: headers[one.name.toLowerCase()] }[one.in] ?? undefined;
    if (value !== undefined) check(`${name}, ${one.name}`, ajv.compile(one.schema), typed(value, one.schema));
  }
  const expected = operation.requestBody;
  if (!expected || /ndjson|jsonl/i.test(headers["content-type"] ?? "")) return;
  const text = body === undefined ? "" : Buffer.from(body).toString("utf8");
  if (text.trim() === "") return assert.ok(!expected.required, `${name}: granted without a body`);
  const schema = [...at, "requestBody", "content", "application/json", "schema"];
  const value = JSON.parse(text);
  // What is granted is each of a batch's events for itself.
  const held =
    operation.operationId === "sendEvents" ? value.filter((_, n) => answer.json.results[n].deliveries) : value;
  if (held.length !== 0) check(`${name}, request`, compiled("asked", schema), held);
}

function check(what, validate, value) {
  if (validate(value)) return;
  const faults = validate.errors.slice(0, 5).map((one) => {
    const unknown = one.params?.additionalProperty ? ` (${one.params.additionalProperty})` : "";
    return `${one.instancePath || "/"} ${one.message}${unknown}`;
  });
  assert.fail(`${what} is not as the document has it: ${faults.join("; ")}\n${JSON.stringify(value)?.slice(0, 500)}`);
}

/** What is wrong with a value by the schema at a place of the document, as texts. */
export function faults(place, value) {
  const validate = compiled("asked", place);
  return validate(value) ? [] : validate.errors.map((one) => `${one.instancePath} ${one.message}`);
}

/** Asserts that something that was sent is as one of the document's schemas has it, and holds nothing besides. */
export const judgeShown = (name, value) => check(name, compiled("answered", ["components", "schemas", name]), value);

const validators = new Map();

/** The schema at a place of the document, compiled when it is first asked for. */
function compiled(of, steps) {
  const escaped = steps.map((step) => encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1")));
  const place = `${of}#/${escaped.join("/")}`;
  if (!validators.has(place)) validators.set(place, ajv.compile({ $ref: place }));
  return validators.get(place);
}

function resolved(value) {
  if (!value?.$ref) return value;
  return value.$ref
    .slice(2)
    .split("/")
    .reduce((inner, step) => inner[step], document);
}

const statusOf = (operation, status) => (operation.responses[status] ? `${status}` : `${String(status)[0]}XX`);

/** A header's or parameter's text as what it stands for. */
const typed = (value, { type }) => (type === "integer" && /^\d+$/.test(value) ? Number(value) : value);

/** The document with every object that has properties holding no others. */
function closed(node) {
  if (Array.isArray(node)) return node.map(closed);
  if (node === null || typeof node !== "object") return node;
  const inner = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, closed(value)]));
  const isObject = node.type === "object" || (Array.isArray(node.type) && node.type.includes("object"));
  return isObject && node.properties && !("additionalProperties" in node)
    ? { ...inner, additionalProperties: false }
    : inner;
}
