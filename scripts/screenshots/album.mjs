// What is taken a picture of: where it is, and what is done there before. Nearly everything is an address.

const button = (page, name) => page.getByRole("button", { name }).first().click();
const dialog = (page) => page.getByRole("dialog").waitFor();

/** `{name, where, act?, key?}`: `key` null is before anybody is signed in. */
export function album({ subscriptions, sources, failing, failed, held, delivered, operation }) {
  const [orders, crm] = [subscriptions["Order fulfilment"], subscriptions["CRM sync"]];
  return [
    { name: "sign-in", where: "/", key: null },
    { name: "overview", where: "/" },
    { name: "overview-hour", where: "/?window=1h" },
    { name: "deliveries", where: "/deliveries" },
    { name: "deliveries-failed", where: "/deliveries?status=failed" },
    { name: "delivery-failing", where: `/deliveries/${failing}` },
    { name: "delivery-failed", where: `/deliveries/${failed}` },
    { name: "delivery-held", where: `/deliveries/${held}` },
    { name: "delivery-request", where: `/deliveries/${delivered}?show=request` },
    { name: "delivery-event", where: `/deliveries/${delivered}?show=event` },
    { name: "subscriptions", where: "/subscriptions" },
    { name: "subscription-new", where: "/subscriptions/new", act: begun },
    { name: "subscription", where: `/subscriptions/${orders}` },
    { name: "subscription-failing", where: `/subscriptions/${crm}` },
    { name: "subscription-edit", where: `/subscriptions/${orders}?tab=edit` },
    { name: "subscription-wire", where: `/subscriptions/${orders}?tab=wire` },
    { name: "subscription-receiver", where: `/subscriptions/${orders}?tab=receiver` },
    { name: "sources", where: "/sources" },
    { name: "source-new", where: "/sources/new" },
    { name: "source", where: `/sources/${sources.github}` },
    { name: "source-setup", where: `/sources/${sources.github}?tab=setup` },
    { name: "source-explain", where: `/sources/${sources.github}?tab=explain` },
    { name: "source-settings", where: `/sources/${sources.telegram}?tab=settings` },
    { name: "operations", where: "/operations" },
    { name: "operation", where: `/operations/${operation}` },
    { name: "send", where: "/send" },
    { name: "keys", where: "/access" },
    { name: "key-new", where: "/access?new=key" },
    { name: "key-revoke", where: "/access", act: (page) => button(page, /^Revoke/).then(() => dialog(page)) },
    { name: "link", where: "/access?tab=links", act: madeLink },
    { name: "applications", where: "/access?tab=applications" },
    { name: "application-new", where: "/access?tab=applications&new=application" },
    {
      name: "application-choice",
      where: "/access",
      act: (page) => button(page, /^Application:/).then(() => dialog(page)),
    },
    { name: "not-there", where: "/access?application=app_none" },
  ];
}

async function begun(page) {
  await page.getByLabel("URL").fill("https://fulfilment.acme.example/hooks/orders");
  await page.getByLabel("Name").fill("Order fulfilment");
  await page.getByLabel("Events").fill("order.*");
  await page.keyboard.press("Enter");
}

async function madeLink(page) {
  await button(page, "Make a link");
  await page.getByRole("region", { name: "The link" }).waitFor();
}

/** Those of them that the README shows. */
export const README = ["overview", "delivery-failing", "subscription-new"];
