// From what stands in the form to the event that is sent, and what can be told of it beforehand.
import { jsonFault } from "./json.js";

const TYPE = /^[A-Za-z0-9_.:/-]{1,128}$/;
const ID = /^[!-~]{1,256}$/;
const LARGEST = 1_048_576;
const DAYS_AHEAD = 30;

export const EMPTY = {
  type: "",
  data: "{}",
  id: "",
  occurredAt: "",
  attributes: "",
  deliverAt: "",
  webhookUrl: "",
};

/** What is wrong, by field. */
export function faults(values, now = Date.now()) {
  return {
    type: typeFault(values.type),
    data: dataFault(values.data),
    id: values.id && !ID.test(values.id) ? "At most 256 visible ASCII characters, without spaces." : undefined,
    attributes: attributesOf(values.attributes).fault,
    webhookUrl:
      values.webhookUrl && !isWeb(values.webhookUrl) ? "A URL that begins with https:// or http://." : undefined,
    deliverAt: isTooFar(values.deliverAt, now) ? "At most 30 days ahead." : undefined,
  };
}

function typeFault(type) {
  if (type === "") return "An event needs a type, such as order.created.";
  if (!TYPE.test(type)) return "1 to 128 letters, digits or _ . : / -";
  return type.startsWith("signet.") ? "Types that begin with signet. are Signet's own." : undefined;
}

function dataFault(data) {
  const fault = jsonFault(data);
  if (fault) return `Line ${fault.line}, column ${fault.column}: ${fault.message}.`;
  return new TextEncoder().encode(data).length > LARGEST ? "An event has at most 1 MiB." : undefined;
}

function isWeb(text) {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

const isTooFar = (local, now) => local !== "" && new Date(local).getTime() > now + DAYS_AHEAD * 86_400_000;

/**
 * Attributes as they are typed: a line each, `team = a, b`.
 *
 * @returns {{attributes: Record<string, string | string[]>, fault?: string}}
 */
export function attributesOf(text) {
  const attributes = {};
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const equals = line.indexOf("=");
    const key = line.slice(0, Math.max(0, equals)).trim();
    if (key === "") return { attributes, fault: `Line ${at + 1}: write name = value, or name = one, another.` };
    const values = line
      .slice(equals + 1)
      .split(",")
      .map((value) => value.trim());
    const before = Object.hasOwn(attributes, key) ? [attributes[key]].flat() : [];
    const all = [...before, ...values];
    Object.defineProperty(attributes, key, {
      value: all.length === 1 ? all[0] : all,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return { attributes };
}

/** The body of `POST /v1/events`. The data go as they were written: numbers of twenty digits too. */
export function bodyOf(values) {
  const { attributes } = attributesOf(values.attributes);
  const optional = {
    id: values.id,
    occurredAt: instant(values.occurredAt),
    attributes: Object.keys(attributes).length > 0 ? attributes : undefined,
    deliverAt: instant(values.deliverAt),
    webhookUrl: values.webhookUrl,
  };
  const members = Object.entries(optional).filter(([, value]) => value);
  const written = [
    `"type":${JSON.stringify(values.type)}`,
    `"data":${values.data.trim()}`,
    ...members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`),
  ];
  return `{${written.join(",")}}`;
}

/** A field's local time as the API's. */
function instant(local) {
  const time = new Date(local);
  return local === "" || Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
