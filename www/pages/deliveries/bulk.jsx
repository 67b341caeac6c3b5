// What is done to all deliveries that the filters let through.
import { useEffect, useState } from "preact/hooks";
import { post } from "../../lib/api.js";
import { whole } from "../../lib/format.js";
import { refine } from "../../lib/router.js";
import { Button } from "../../ui/button.jsx";
import { Confirm } from "../../ui/dialog.jsx";
import { counted } from "./count.js";
import { bulkOf } from "./filters.js";
import { Recover } from "./recover.jsx";

export function Bulk({ filters, known }) {
  const [asking, setAsking] = useState(null);
  const kinds = { retry: bulkOf("retry", filters), cancel: bulkOf("cancel", filters) };
  const close = () => setAsking(null);
  const started = ({ operation }) => refine({ operation });
  const isIdle = (kind) => (kinds[kind] ? undefined : REASONS[kind]);
  return (
    <>
      {filters.subscription && (
        <Button small onClick={() => setAsking({ kind: "recover" })}>
          Recover…
        </Button>
      )}
      {Object.keys(TEXTS).map((kind) => (
        <Button
          key={kind}
          small
          disabled={!kinds[kind]}
          title={isIdle(kind)}
          onClick={() => setAsking({ kind, body: kinds[kind] })}
        >
          {TEXTS[kind].button}
        </Button>
      ))}
      {asking?.kind === "recover" && (
        <Recover subscription={filters.subscription} known={known} onStarted={started} onClose={close} />
      )}
      {asking?.body && <Ask {...asking} known={known} onStarted={started} onClose={close} />}
    </>
  );
}

const REASONS = {
  retry: "Only failed, cancelled or pending deliveries can be retried together",
  cancel: "Only pending deliveries can be cancelled",
};

const TEXTS = {
  retry: {
    button: "Retry all that match",
    title: (status) => `Retry ${status} deliveries`,
    what: "Retry them",
    text: (status) =>
      status === "pending"
        ? "Each becomes due now, whatever its schedule says."
        : "Each is sent again as soon as its subscription's rate and order allow, and begins its schedule of attempts anew.",
  },
  cancel: {
    button: "Cancel all that match",
    title: () => "Cancel pending deliveries",
    what: "Cancel them",
    text: () => "None of them is tried again by schedule. They can be retried later.",
  },
};

function Ask({ kind, body, known, onStarted, onClose }) {
  const texts = TEXTS[kind];
  const count = useCount(body);
  const run = async () => onStarted(await post(`/v1/deliveries/${kind}`, body));
  return (
    <Confirm title={texts.title(body.status)} what={texts.what} danger={kind === "cancel"} run={run} onClose={onClose}>
      <p aria-live="polite">{said(count, body)}</p>
      <ul class="dl-meant">
        {meant(body, known).map(([name, value]) => (
          <li key={name}>
            <span class="soft">{name}</span> {value}
          </li>
        ))}
      </ul>
      <p>{texts.text(body.status)} Tests, and what is created from now on, are left alone.</p>
    </Confirm>
  );
}

function useCount(body) {
  const [count, setCount] = useState(null);
  useEffect(() => {
    const controller = new AbortController();
    counted(body, controller.signal).then(setCount, () => setCount({}));
    return () => controller.abort();
  }, []);
  return count;
}

function said(count, { status }) {
  if (count === null) return "Counting…";
  if (count.most === undefined) return `All ${status} deliveries that match are meant.`;
  if (count.most === 0) return `No ${status} delivery matches now.`;
  const [deliveries, match] = count.most === 1 ? ["delivery", "matches"] : ["deliveries", "match"];
  return `${count.isMore ? "More than" : "About"} ${whole(count.most)} ${status} ${deliveries} ${match}.`;
}

/** Which deliveries are meant, in words. */
function meant({ subscription, source, event, type, since, until }, { names }) {
  const time = (at) => new Date(at).toLocaleString();
  return [
    ["Destination", (subscription ?? source) && (names.get(subscription ?? source) ?? subscription ?? source)],
    ["Event type", type],
    ["Event", event],
    ["Created from", since && time(since)],
    ["Created up to", until && time(until)],
  ].filter(([, value]) => value);
}
