import { useEffect, useRef } from "preact/hooks";

/** A page: its name in the window and above, what can be done beside it. `back` is `[where, words]`. */
export function Page({ title, name = title, back, actions, children }) {
  const heading = useRef(null);
  useEffect(() => {
    document.title = `${name} · Signet`;
  }, [name]);
  // Who comes from another page begins at this one's name; a reload leaves the focus alone.
  useEffect(() => {
    if (moved) heading.current?.focus({ preventScroll: true });
    moved = true;
    scrollTo(0, 0);
  }, []);
  return (
    <div class="page">
      <header>
        <div>
          {back && (
            <a class="back" href={back[0]}>
              ← {back[1]}
            </a>
          )}
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
        </div>
        <div class="row">{actions}</div>
      </header>
      {children}
    </div>
  );
}

let moved = false;

/** Somebody is about to come to a page from what is none: the sign-in. */
export function arrive() {
  moved = true;
}

/** A part of a page with a name. */
export function Panel({ title, actions, padded = false, children }) {
  return (
    <section class="panel">
      {(title || actions) && (
        <header>
          <h2>{title}</h2>
          <div class="row">{actions}</div>
        </header>
      )}
      {padded ? <div class="panel-inside">{children}</div> : children}
    </section>
  );
}
