// Who may do what: keys for programs, links for people, and, for the operator, applications.
import { href, place } from "../../lib/router.js";
import { me } from "../../lib/session.js";
import { Page } from "../../ui/page.jsx";
import { Tabs } from "../../ui/tabs.jsx";
import { ApplicationActions, Applications } from "./applications.jsx";
import { KeyActions, Keys } from "./keys.jsx";
import { Links } from "./links.jsx";
import "./access.css";

/** What stands in the address, its name, the actions beside the page's name, what is shown. */
const TABS = [
  ["keys", "API keys", KeyActions, Keys],
  ["links", "Portal links", () => null, Links],
  ["applications", "Applications", ApplicationActions, Applications],
];

export function Access() {
  const tabs = TABS.filter(([id]) => id !== "applications" || me.value.kind === "operator");
  const [current, name, Actions, Shown] = tabs.find(([id]) => id === place.value.query.get("tab")) ?? tabs[0];
  return (
    <Page title="Access" name={name} actions={<Actions />}>
      <Tabs
        label="Access"
        parts={tabs.map(([id, words]) => [
          href("/access", { tab: id === tabs[0][0] ? null : id }),
          words,
          id === current,
        ])}
      />
      <Shown />
    </Page>
  );
}
