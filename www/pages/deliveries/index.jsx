import { Page } from "../../ui/page.jsx";

export function Deliveries() {
  return <Page title="Deliveries" />;
}
