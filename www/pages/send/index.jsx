import { Page } from "../../ui/page.jsx";

export function Send() {
  return <Page title="Send" />;
}
