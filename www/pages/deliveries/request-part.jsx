// The request of a delivery, as the next attempt would send it.
import { useLive } from "../../lib/live.js";
import { can } from "../../lib/session.js";
import { Button } from "../../ui/button.jsx";
import { Notice, Shown } from "../../ui/say.jsx";
import { Body, Code } from "../../ui/text.jsx";

export function RequestPart({ of }) {
  if (of.payload === null)
    return <Notice>The body of this delivery is no longer kept, so it can't be sent again.</Notice>;
  return can("deliveries:write") ? <Whole id={of.id} /> : <Body text={of.payload} label="Body" />;
}

function Whole({ id }) {
  const live = useLive(`/v1/deliveries/${id}/request`, { every: 0 });
  return (
    <Shown of={live} lines={6}>
      {({ method, url, headers, body, bodyBase64 }) => (
        <div class="stack">
          <div class="row apart">
            <p class="soft small">As an attempt would send it now: time and signature are fresh.</p>
            <Button kind="plain" small onClick={live.refresh}>
              Sign again
            </Button>
          </div>
          <Code text={`${method} ${url}`} label="Address" wrap />
          <Code text={headers.map(line).join("\n")} label="Headers" wrap />
          {headers.some(({ value }) => value === null) && (
            <p class="soft small">The values of the subscription's own headers are not shown to this key.</p>
          )}
          <Content body={body} base64={bodyBase64} />
        </div>
      )}
    </Shown>
  );
}

const line = ({ name, value }) => `${name}: ${value ?? "…"}`;

function Content({ body, base64 }) {
  if (base64) {
    return (
      <>
        <p class="soft small">The body is no text. This is its Base64.</p>
        <Code text={base64} label="Body, in Base64" wrap />
      </>
    );
  }
  return body ? <Body text={body} label="Body" /> : <p class="soft small">There is no body.</p>;
}
