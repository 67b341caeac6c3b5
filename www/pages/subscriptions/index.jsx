import { Page } from "../../ui/page.jsx";

export function Subscriptions() {
  return <Page title="Subscriptions" />;
}

export function NewSubscription() {
  return <Page title="New subscription" />;
}

export function Subscription({ id }) {
  return <Page title={id} />;
}
