/**
 * A table that scrolls within itself where there is no room; its rows are `children`. A column is its name, or `[name, how]`:
 * `right` for figures, `unseen` where only those who can't see need to be told.
 */
export function DataTable({ class: kind = "", columns, children }) {
  return (
    <div class="scroller">
      <table class={`table ${kind}`}>
        <thead>
          <tr>
            {columns.map((column) => {
              const [name, how] = [column].flat();
              return (
                <th key={name} scope="col" class={how === "right" ? how : undefined}>
                  {how === "unseen" ? <span class="unseen">{name}</span> : name}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
