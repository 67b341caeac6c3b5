import { Page } from "../../ui/page.jsx";

export function Overview() {
  return <Page title="Overview" />;
}
