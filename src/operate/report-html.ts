/** Reports as one HTML file each that needs nothing else: to be sent to a colleague, or kept beside a model. */

/** @param body HTML */
export function reportPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #111827; background: #fff }
h1 { overflow-wrap: anywhere } table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto } th, td { padding: .3rem .8rem; text-align: left; border-bottom: 1px solid #e5e7eb }
td.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums } td.best { font-weight: 600 } .right { color: #15803d } .wrong { color: #b91c1c }
td.right, td.wrong { white-space: nowrap } .matrices { display: flex; flex-wrap: wrap; gap: 1rem } p.note { color: #6b7280 } svg { max-width: 100%; height: auto }
@media (prefers-color-scheme: dark) {
  body { color: #e5e7eb; background: #111827 } th, td { border-color: #374151 } p.note { color: #9ca3af }
  .right { color: #4ade80 } .wrong { color: #f87171 } svg { background: #fff; border-radius: 4px }
}
</style>
${body}
</html>
`;
}

/** Cells are HTML; all but the first of a row stand right where they are numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string) =>
    `<td${/^(< )?[+−-]?[\d.,]+( %)?$/.test(text) ? ' class="n"' : ''}>${text.replace(/^<(?= )/, '&lt;')}</td>`;
  return `<table><tr>${head.map((name) => `<th>${name}</th>`).join('')}</tr>
${rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('\n')}
</table>`;
}

export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
