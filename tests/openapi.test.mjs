// The API's document, beside the gateway that it describes: what it shows works, and what works it shows. Every other
// test holds its own calls against it (support/contract.mjs), and schemathesis what it makes of it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { before, describe, test } from "node:test";
import { prepared } from "./openapi/prepared.mjs";
import { waiting } from "./openapi/waiting.mjs";
import { document, faults } from "./support/contract.mjs";
import { request } from "./support/http.mjs";
import { ROOT } from "./support/signet.mjs";
import { stage } from "./support/stage.mjs";

const { signet, target, api, ...calls } = await stage();
const operations = Object.entries(document.paths).flatMap(([template, item]) =>
  Object.entries(item)
    .filter(([, operation]) => operation.operationId)
    .map(([method, operation]) => ({ template, method: method.toUpperCase(), ...operation })),
);

test("the document is there for everybody", async () => {
  for (const method of ["GET", "HEAD"]) {
    const answer = await request(`${signet.url}/openapi.json`, { method });
    assert.equal(answer.status, 200);
    assert.match(answer.headers["content-type"], /^application\/json\b/);
    if (method === "GET") assert.deepEqual(answer.json, document);
  }
});

test("each operation has a name of its own, and says who may", () => {
  assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length);
  for (const operation of operations) {
    const scope = operation["x-signet-scope"];
    const roles = { none: [], any: [[], []], operator: [["operator"], ["operator"]] }[scope] ?? [[scope], [scope]];
    assert.deepEqual(operation.security.flatMap(Object.values), roles, operation.operationId);
    assert.ok(operation.summary && operation.tags.length === 1, operation.operationId);
  }
});

test("each of the operator's webhooks is a kind that Signet knows, and the other way round", () => {
  const source = readFileSync(path.join(ROOT, "src/signal.rs"), "utf8");
  const kinds = [...source.matchAll(/^const [A-Z]+: &str = "(signet\.[a-z.]+)";$/gm)].map(([, kind]) => kind);
  assert.equal(kinds.length, 5);
  assert.deepEqual(Object.keys(document.webhooks).sort(), kinds.sort());
});

test("what is shown as an example fits its own schema", () => {
  let count = 0;
  const visit = (node, place) => {
    if (node === null || typeof node !== "object") return;
    const examples = [node.example, ...Object.values(node.examples ?? {}).map((one) => one.value)];
    if (node.schema && place.at(-2) === "content") {
      for (const example of examples.filter((one) => one !== undefined)) {
        assert.deepEqual(faults([...place, "schema"], example), [], place.join("/"));
        count += 1;
      }
    }
    for (const [name, inner] of Object.entries(node)) visit(inner, [...place, name]);
  };
  visit(document.paths, ["paths"]);
  assert.ok(count > 20, `${count} examples`);
});

describe("with one of each there", () => {
  let ids;
  before(async () => {
    ids = await prepared(target, { api, ...calls });
  });

  const here = operations.filter(
    ({ operationId, template }) => !waiting.includes(operationId) && template !== "/in/{source}",
  );
  const isEnd = ({ method }) => method === "DELETE";
  for (const operation of [...here.filter((one) => !isEnd(one)), ...here.filter(isEnd)]) {
    const { template, method, operationId } = operation;
    for (const [shown, body] of examples(operation)) {
      test(`${operationId}${shown ? `: ${shown}` : ""}`, async () => {
        const where = template.replace(/\{\w+\}/, () => ids[template].at(-1));
        const answer = await api(method, where, body);
        assert.ok(answer.status < 300, `${method} ${where} answered ${answer.status}: ${answer.text}`);
      });
    }
  }

  for (const { operationId, template, method } of operations.filter((one) => waiting.includes(one.operationId))) {
    test(`${operationId} is not there yet`, async () => {
      const where = template.replace(/\{\w+\}/, "x");
      const answer = await request(signet.url + where, {
        method,
        headers: { authorization: "Bearer local-operator-key" },
      });
      const what = `${method} ${where} answered ${answer.status} ${answer.text}: strike it from tests/openapi/waiting.mjs`;
      assert.ok(answer.status === 405 || answer.json?.detail === "There is no such endpoint.", what);
    });
  }
});

/** The bodies that an operation shows, sent to where something answers; and none at all, where it may be left out. */
function examples({ requestBody }) {
  const shown = Object.entries(requestBody?.content["application/json"].examples ?? {});
  const sent = shown.map(([name, { value }]) => [name, Array.isArray(value) ? value.map(local) : local(value)]);
  return requestBody?.required ? sent : [[""], ...sent];
}

function local(body) {
  const own = (name, value) => (["url", "webhookUrl", "origin"].includes(name) ? target.url("/shown") : value);
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, own(name, value)]));
}
