import { Page } from "../../ui/page.jsx";

export function Operations() {
  return <Page title="Operations" />;
}
