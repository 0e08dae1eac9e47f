/** What the lake holds: one line a table. */
import type { TableTotal } from '../messages.js';
import { ago, bytes, count } from './format.js';

export function TableTotals({ tables, now }: { tables: readonly TableTotal[]; now: number }) {
  return (
    <section class="panel totals" aria-labelledby="totals-title">
      <header class="panel-head">
        <h2 id="totals-title">Tables</h2>
      </header>
      <div class="scroller">
        <table class="number">
          <thead>
            <tr>
              <th scope="col">Table</th>
              <th scope="col">Rows</th>
              <th scope="col">Version</th>
              <th scope="col">Files</th>
              <th scope="col">Size</th>
              <th scope="col">Changed</th>
            </tr>
          </thead>
          <tbody>
            {tables.map((total) => (
              <Row key={total.table} total={total} now={now} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ total, now }: { total: TableTotal; now: number }) {
  const { table, rows, version, files, updatedAt } = total;
  return (
    <tr class={version === null ? 'absent' : ''}>
      <th scope="row">
        <span class="coin" style={{ '--hue': `var(--${table}, var(--line-strong))` }} aria-hidden="true" />
        {table}
      </th>
      {version === null ? (
        <td colspan={5}>not written yet</td>
      ) : (
        <>
          <td class="strong">{rows === null ? '?' : count(rows)}</td>
          <td>{count(version)}</td>
          <td>{count(files)}</td>
          <td>{bytes(total.bytes)}</td>
          <td>{updatedAt === null ? '' : ago(updatedAt, now)}</td>
        </>
      )}
    </tr>
  );
}
