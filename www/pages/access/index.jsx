import { Page } from "../../ui/page.jsx";

export function Access() {
  return <Page title="Access" />;
}
