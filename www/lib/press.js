// What somebody presses moves away where something appears above it, and the click is lost. So that waits until the pointer
// is let go.
let isPressed = false;
let waiting = [];

addEventListener("pointerdown", () => pressed(true), true);
addEventListener("pointerup", () => pressed(false), true);
addEventListener("pointercancel", () => pressed(false), true);

function pressed(is) {
  isPressed = is;
  if (is) return;
  const all = waiting;
  waiting = [];
  for (const run of all) run();
}

/** Runs something once nothing is pressed: at once, as a rule. */
export function whenReleased(run) {
  if (isPressed) waiting.push(run);
  else run();
}
