// The frame around every page: navigation, whose application it is, who is signed in.
import { LogOut } from "lucide";
import { useEffect, useRef } from "preact/hooks";
import { down } from "./lib/api.js";
import { openRooms, roomOf } from "./lib/rooms.js";
import { href, place } from "./lib/router.js";
import { me, signOut } from "./lib/session.js";
import { Chooser } from "./pages/applications.jsx";
import { Button } from "./ui/button.jsx";
import { Icon } from "./ui/icon.jsx";
import { Mark } from "./ui/mark.jsx";
import { Time } from "./ui/text.jsx";

export function Shell({ children }) {
  const room = roomOf(place.value.path)?.[0];
  const nav = useRef(null);
  // On a narrow screen the names of the pages are a line that is longer than it.
  useEffect(() => {
    nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [room]);
  return (
    <>
      {/* No link to `#main`: behind the `#` stands the page. */}
      <button type="button" class="skip button" onClick={() => document.querySelector(".page h1")?.focus()}>
        Skip to the page
      </button>
      <div class="shell">
        <div class="side">
          <a class="brand" href={href("/")}>
            <Mark />
            Signet
          </a>
          {me.value.kind === "operator" && <Chooser />}
          <nav aria-label="Pages" ref={nav}>
            <ul>
              {openRooms().map(([path, name, icon]) => (
                <li key={path}>
                  <a href={href(path)} aria-current={room === path ? "page" : undefined}>
                    <Icon of={icon} />
                    {name}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <footer>
            <div class="who">{who()}</div>
            <Button kind="plain" small icon={LogOut} onClick={() => signOut()}>
              Sign out
            </Button>
          </footer>
        </div>
        <main class="main">
          {down.value && (
            <div class="banner" role="alert">
              Signet does not answer. What you see may be old; it is asked again every few seconds.
            </div>
          )}
          {children}
        </main>
      </div>
    </>
  );
}

function who() {
  const { kind, application, expiresAt } = me.value;
  if (kind === "operator") return "Operator";
  return (
    <>
      {application.name ?? application.id}
      {expiresAt && (
        <>
          <br />
          This link ends <Time at={expiresAt} />
        </>
      )}
    </>
  );
}
