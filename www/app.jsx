// The house: which page is where, and the frame around them.
import { useEffect } from "preact/hooks";
import { useLive } from "./lib/live.js";
import { openRooms, roomOf } from "./lib/rooms.js";
import { fit, go, place, refine } from "./lib/router.js";
import { application, can, key, me, signOut } from "./lib/session.js";
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

/** So often it is asked who is signed in: a key that is revoked is found out, wherever one is. */
const ASKED_EVERY = 30_000;

function SignedIn() {
  const who = useLive("/v1/me", { every: ASKED_EVERY });
  useEffect(() => {
    if (who.data) me.value = who.data;
  }, [who.data]);
  // A link's time ends to the second; Signet says so itself, whatever the clock here says.
  const ends = who.data?.expiresAt;
  useEffect(() => {
    const timer = ends && setTimeout(who.refresh, Math.max(new Date(ends) - Date.now(), 0) + 500);
    return () => clearTimeout(timer);
  }, [ends, who.refresh]);
  if (who.problem?.status === 404 && application.value) return <Nobodys />;
  if (who.problem && !who.data && !me.value) return <Kept problem={who.problem} again={who.refresh} />;
  if (!me.value) return <Loading />;
  return <Shell>{page()}</Shell>;
}

/** Signed in, but nothing can be shown yet. */
function Kept({ problem, again }) {
  return (
    <main class="alone">
      <Refused problem={problem} again={again} />
      <Button onClick={() => signOut()}>Sign out</Button>
    </main>
  );
}

/** The address names an application that is not there, or is somebody else's. */
function Nobodys() {
  return (
    <main class="alone">
      <Empty
        title="There is no such application"
        action={
          <Button kind="primary" onClick={() => refine({ application: null }, { replace: true })}>
            Go to your own
          </Button>
        }
      >
        The address names <code>{application.value}</code>. It may have been deleted, or it is not yours to see.
      </Empty>
      <Button kind="plain" onClick={() => signOut()}>
        Sign out
      </Button>
    </main>
  );
}

function page() {
  const { path } = place.value;
  const room = roomOf(path);
  if (room && !can(room[3])) return path === "/" ? <FirstRoom /> : <Closed room={room} />;
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

/** Whoever may not see the overview begins at the first page that there is for them. */
function FirstRoom() {
  const first = openRooms()[0]?.[0];
  useEffect(() => {
    if (first) go(first, {}, { replace: true });
  }, [first]);
  if (first) return <Loading />;
  return (
    <Page title="Nothing to see">
      <Empty title="This key opens no page">
        Its scopes are <code>{me.value.scopes.join(", ")}</code>. Sign in with one that has more.
      </Empty>
    </Page>
  );
}

function Closed({ room: [, name, , scope] }) {
  return (
    <Page title={name}>
      <Empty title="Not yours to see">
        {me.value.kind === "link" ? "This link" : "Your key"} does not have the scope <code>{scope}</code>. Whoever gave
        it to you can give you one that has.
      </Empty>
    </Page>
  );
}
