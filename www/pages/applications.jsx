// The operator's choice of the application that everything else is about.
import { ChevronsUpDown, Plus } from "lucide";
import { useState } from "preact/hooks";
import { short } from "../lib/format.js";
import { usePages } from "../lib/pages.js";
import { go, href, place } from "../lib/router.js";
import { application, me } from "../lib/session.js";
import { Button } from "../ui/button.jsx";
import { Dialog } from "../ui/dialog.jsx";
import { TextField } from "../ui/field.jsx";
import { Icon } from "../ui/icon.jsx";
import { Shown } from "../ui/say.jsx";
import "./applications.css";

/** So many pages of 250 are read at once: most who have many have fewer than that, and can search all of them. */
const PAGES = 8;

export function Chooser() {
  const [open, setOpen] = useState(false);
  // Its name is known from the list before Signet has said it.
  const [picked, setPicked] = useState(null);
  const chosen = application.value ?? "default";
  const name = [me.value.application, picked].find((one) => one?.id === chosen)?.name ?? short(chosen);
  return (
    <>
      <button
        type="button"
        class="chooser"
        aria-haspopup="dialog"
        aria-label={`Application: ${name}`}
        title={name}
        onClick={() => setOpen(true)}
      >
        <span class="cut">{name}</span>
        <Icon of={ChevronsUpDown} />
      </button>
      {open && <Applications chosen={chosen} onPick={setPicked} onClose={() => setOpen(false)} />}
    </>
  );
}

function Applications({ chosen, onPick, onClose }) {
  const list = usePages("/v1/applications", { every: 0, pages: PAGES });
  const [typed, setTyped] = useState("");
  const lookFor = (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") move(event);
  };
  const first = (event) => {
    event.preventDefault();
    if (typed.trim()) event.currentTarget.querySelector("a")?.click();
  };
  const pick = (one) => {
    onPick(one);
    onClose();
  };
  const make = () => {
    onClose();
    go("/access", { tab: "applications", new: "application" });
  };
  const footer = (
    <div class="row apart chooser-foot">
      <a href={href("/access", { tab: "applications" })} onClick={onClose}>
        All applications
      </a>
      <Button icon={Plus} onClick={make}>
        New application
      </Button>
    </div>
  );
  return (
    <Dialog title="Switch application" onClose={onClose} footer={footer}>
      {/* The arrows go from one to the next, as in any list. */}
      <form class="stack" onSubmit={first} onKeyDown={lookFor}>
        <Shown of={list}>
          {({ items, isAll }) => {
            const found = items.filter((one) => fits(one, typed));
            return (
              <>
                {items.length > 5 && (
                  <TextField
                    label="Search"
                    type="search"
                    placeholder="Name or id"
                    autocomplete="off"
                    value={typed}
                    onInput={setTyped}
                  />
                )}
                <p class="unseen" role="status">
                  {typed && `${found.length} found`}
                </p>
                <ul class="chooser-choices">
                  {found.slice(0, 200).map((one) => (
                    <Choice key={one.id} of={one} isChosen={one.id === chosen} onClick={() => pick(one)} />
                  ))}
                </ul>
                {found.length === 0 && <p class="soft">None is called so{!isAll && " among those that were read"}.</p>}
                {found.length > 200 && <p class="soft small">{found.length - 200} more: search for them.</p>}
                {!isAll && (
                  <Button small busy={list.more.busy} onClick={list.more.run}>
                    Read more of them
                  </Button>
                )}
              </>
            );
          }}
        </Shown>
      </form>
    </Dialog>
  );
}

/** Another application has other deliveries and subscriptions: only the room stays, not what was chosen in it. */
function Choice({ of, isChosen, onClick }) {
  const [, room] = place.value.path.split("/");
  return (
    <li>
      <a
        href={href(`/${room}`, { application: of.id === "default" ? null : of.id })}
        aria-current={isChosen ? "true" : undefined}
        onClick={onClick}
      >
        <span class="cut">{of.name}</span>
        {of.name !== of.id && <code title={of.id}>{short(of.id)}</code>}
      </a>
    </li>
  );
}

const fits = ({ id, name }, typed) => `${name} ${id}`.toLowerCase().includes(typed.trim().toLowerCase());

/** Moves the focus among the search field and the links. */
function move(event) {
  const all = [...event.currentTarget.querySelectorAll("input, a")];
  const next = all[all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
