// The house: which page is where, and the frame around them.
import { useEffect } from "preact/hooks";
import { get } from "./lib/api.js";
import { useAction } from "./lib/live.js";
import { fit, place } from "./lib/router.js";
import { application, key, me, signOut } from "./lib/session.js";
import { Access } from "./pages/access/index.jsx";
import { Deliveries } from "./pages/deliveries/index.jsx";
import { Operations } from "./pages/operations/index.jsx";
import { Overview } from "./pages/overview/index.jsx";
import { Send } from "./pages/send/index.jsx";
import { SignIn } from "./pages/sign-in.jsx";
import { NewSource, Source, Sources } from "./pages/sources/index.jsx";
import { NewSubscription, Subscription, Subscriptions } from "./pages/subscriptions/index.jsx";
import { Shell } from "./shell.jsx";
import { Button } from "./ui/button.jsx";
import { Page } from "./ui/page.jsx";
import { Empty, Loading, Refused, Toasts } from "./ui/say.jsx";

/** Each page by its path; what a `:name` stands for is handed to it. The first that fits. */
const PAGES = [
  ["/", Overview],
  ["/deliveries", Deliveries],
  ["/deliveries/:id", Deliveries],
  ["/subscriptions", Subscriptions],
  ["/subscriptions/new", NewSubscription],
  ["/subscriptions/:id", Subscription],
  ["/sources", Sources],
  ["/sources/new", NewSource],
  ["/sources/:id", Source],
  ["/operations", Operations],
  ["/operations/:id", Operations],
  ["/send", Send],
  ["/access", Access],
];

export function App() {
  return (
    <>
      {key.value ? <SignedIn /> : <SignIn />}
      <Toasts />
    </>
  );
}

function SignedIn() {
  const who = useAction(async () => {
    me.value = await get("/v1/me");
  });
  const of = `${key.value} ${application.value}`;
  useEffect(() => {
    who.run();
  }, [of]);
  if (who.problem) {
    return (
      <main class="alone">
        <Refused problem={who.problem} again={who.run} />
        <Button onClick={() => signOut()}>Sign out</Button>
      </main>
    );
  }
  if (!me.value) return <Loading />;
  return <Shell>{page()}</Shell>;
}

function page() {
  const { path } = place.value;
  for (const [pattern, Page] of PAGES) {
    const params = fit(pattern, path);
    // What belongs to one application is not shown for a moment under another.
    if (params) return <Page key={`${Page.name} ${application.value}`} {...params} />;
  }
  return (
    <Page title="Not found">
      <Empty title="There is no such page">The address may have been cut on its way here.</Empty>
    </Page>
  );
}
