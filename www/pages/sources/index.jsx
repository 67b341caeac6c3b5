import { Page } from "../../ui/page.jsx";

export function Sources() {
  return <Page title="Sources" />;
}

export function NewSource() {
  return <Page title="New source" />;
}

export function Source({ id }) {
  return <Page title={id} />;
}
