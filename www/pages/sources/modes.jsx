// How verified requests go on.

const MODES = [
  ["proxy", "Proxy", "The request goes to the origin at once, and the origin's answer goes back to the provider."],
  ["queue", "Queue", "The provider is answered 202 at once. Signet keeps the request and delivers it, with retries."],
];

export function Modes({ value, onInput }) {
  return (
    <fieldset class="field">
      <legend>Mode</legend>
      <div class="src-cards">
        {MODES.map(([mode, title, text]) => (
          <label key={mode} class="src-card">
            <input type="radio" name="mode" checked={mode === value} onChange={() => onInput(mode)} />
            <span>
              <strong>{title}</strong>
              <span class="hint">{text}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
