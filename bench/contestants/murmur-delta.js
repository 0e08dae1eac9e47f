/** `murmur-lake/delta` as a contestant of `npm run bench -- delta`: one JSON command a line in, one JSON answer a line out. */
import { createInterface } from 'node:readline';
import { DeltaTable, DuckDatabase } from 'murmur-lake/delta';

// The library, as delta-rs's is loaded by importing it.
const duck = await DuckDatabase.open();
const open = (path) => DeltaTable.open(path, { duck });

const commands = {
  async open({ path, commits = 0 }) {
    const [table, ms] = await timed(() => open(path));
    const { fileCount, version } = table.log.snapshot;
    const peak_mb = process.resourceUsage().maxRSS / 1024;
    const commit_ms = [];
    for (let n = 0; n < commits; n++) {
      const change = table.log.begin().add({ ...table.log.snapshot.files[0], path: `part-${n}.parquet` });
      commit_ms.push((await timed(() => change.commit({ operation: 'WRITE' })))[1]);
    }
    await table.close();
    return { ms, files: fileCount, version, peak_mb, ...(commits > 0 ? { commit_ms } : {}) };
  },

  async append({ path, rows, times }) {
    const table = await open(path);
    const ms = [];
    for (let n = 0; n < times; n++) {
      const data = Array.from({ length: rows }, (_, i) => ({
        id: n * rows + i,
        mention: `user${i % 100}`,
        score: i / rows,
      }));
      ms.push((await timed(() => table.append(data)))[1]);
    }
    await table.close();
    return { ms };
  },

  async optimize({ path }) {
    const table = await open(path);
    const [, ms] = await timed(() => table.optimize());
    await table.close();
    return { ms };
  },

  async zorder({ path, column, target }) {
    const table = await open(path);
    const [, ms] = await timed(() => table.optimize({ zOrderBy: [column], targetSize: target }));
    await table.close();
    return { ms };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { op, ...options } = JSON.parse(line);
  console.log(JSON.stringify(await commands[op](options)));
}
await duck.close();

async function timed(work) {
  const started = performance.now();
  const result = await work();
  return [result, performance.now() - started];
}
