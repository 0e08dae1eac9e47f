/** What could be wrong with a machine and a lake, looked at one by one; nothing is changed. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { arch, platform } from 'node:os';
import { bounded } from '../base/bounded.js';
import { decodePath } from '../delta/index.js';
import { DuckDatabase } from '../duck/index.js';
import { RebuildWorkplace } from '../engine/embedded/rebuild/workplace.js';
import { examineCheckpoint } from '../engine/embedded/recovery/examine.js';
import type { Lake } from '../lake/lake.js';
import { logsRuns } from '../mlflow/index.js';
import { openMlflow } from '../pipeline/mlflow.js';
import type { OpenLake } from '../pipeline/open.js';
import { streamNames } from '../posts/tables.js';
import { type Bundle, verifyBundle } from '../scoring/index.js';
import { LocalStorage } from '../storage/local.js';
import type { Storage } from '../storage/storage.js';
import { type CheckResult, checked } from './check.js';
import { checkSpark } from './doctor-spark.js';

/** Newest Node major that is past its end of life. */
const endOfLife = 20;
const lowDiskBytes = 2 ** 30;

/**
 * What needs no lake: Node, DuckDB, the model.
 * @param o.model finds `bundled`, `lexicon`, an absolute folder, `s3://…` or a bundle; what it throws is a fault found
 */
export async function checkMachine(o: {
  node: string;
  model: () => Promise<string | Bundle>;
}): Promise<CheckResult[]> {
  return [
    nodeVersion(o.node),
    await checked('duckdb', 'npm ci', async () => {
      const database = await DuckDatabase.open();
      const session = await database.connect();
      const version = await session.scalar<string>('select version()').finally(() => database.close());
      return `${version} loads`;
    }),
    await checked('model', 'npm ci, or another model in murmur.yaml', async () => {
      const found = await o.model();
      if (found === 'lexicon') return 'lexicon: counts words, nothing to load';
      const { model, cases } = await verifyBundle(found);
      return `${model.id}: files unaltered, ${cases} golden texts exact`;
    }),
  ];
}

/** What a lake needs: its folders, tables, checkpoints, socket, disk and port. */
export async function checkLake(open: OpenLake): Promise<CheckResult[]> {
  const { lake, spec } = open;
  const { paths } = lake;
  return [
    await checkLanding(lake),
    ...(lake.tableStorage.kind === 'local' ? [] : [await checkCommits(lake.tableStorage)]),
    await checked('writable', 'give yourself the right to write there', async () => {
      await access(paths.dir, constants.W_OK);
      return `${paths.dir} can be written`;
    }),
    ...(await Promise.all((await lake.tableNames()).map((table) => checkTable(lake, table)))),
    ...(spec.engine === 'embedded'
      ? await Promise.all(streamNames.map((stream) => checkCheckpoint(lake, stream)))
      : await checkSpark(open)),
    await checkRun(lake),
    ...((await isRunning(lake)) ? [] : [await checkRebuild(lake)]),
    await checked('disk', 'make room', async () => {
      const { bavail, bsize } = await statfs(paths.dir);
      const free = Number(bavail) * Number(bsize);
      if (free < lowDiskBytes) throw new Error(`only ${Math.floor(free / 2 ** 20)} MiB free`);
      return `${Math.floor(free / 2 ** 30)} GiB free`;
    }),
    await checkPort(spec.page),
    await checkMlflow(open),
  ];
}

function nodeVersion(version: string): CheckResult {
  const major = Number(version.split('.')[0]);
  const machine = `${version} on ${platform()} ${arch()}`;
  const old = major <= endOfLife ? '; it is past its end of life, 24 gets security fixes' : '';
  return { check: 'node', ok: true, detail: `${machine}${old}`, fix: null };
}

function checkLanding({ landing, paths }: Lake): Promise<CheckResult> {
  return checked('landing', `create the folder, or correct "landing" in murmur.yaml`, async () => {
    if (landing.kind === 'local') await access(paths.landing, constants.R_OK | constants.X_OK);
    else for await (const _ of landing.list('')) break;
    return `${paths.landing} can be read`;
  });
}

/** Of two who want a name one must lose: not every service that speaks S3 keeps to that, and tables rest on it. */
function checkCommits(tables: Storage): Promise<CheckResult> {
  return checked('commits', 'use a service with conditional writes (If-None-Match)', async () => {
    const path = `murmur-doctor-${randomUUID()}`;
    try {
      const outcomes = [
        await tables.putIfAbsent(path, Buffer.from('1')),
        await tables.putIfAbsent(path, Buffer.from('2')),
      ];
      if (outcomes.join() !== 'created,exists')
        throw new Error(`${tables.root} lets two writers have one name`);
    } finally {
      await tables.delete(path);
    }
    return `${tables.root} can be written, and gives a name to one writer only`;
  });
}

/** The log can be read, and every file that it names is there. */
function checkTable(lake: Lake, name: string): Promise<CheckResult> {
  return checked(
    `table ${name}`,
    (streamNames as readonly string[]).includes(name)
      ? `restore the files from a backup, or make it anew with "murmur rebuild ${name}"`
      : 'restore the files from a backup, or start over with "murmur reset"',
    async () => {
      const { snapshot, table } = (await lake.table(name).at())!;
      const found = await bounded(snapshot.files, 16, async ({ path, size }) => {
        return (await table.storage.stat(decodePath(path)))?.size === size;
      });
      const missing = snapshot.files.filter((_, i) => !found[i]).map(({ path }) => decodePath(path));
      if (missing.length > 0)
        throw new Error(`${missing.length} of its data files missing or cut: ${missing[0]}`);
      return `version ${snapshot.version}, ${snapshot.fileCount} files there`;
    },
  );
}

/** A stream could go on: its checkpoint is whole and fits its table. */
function checkCheckpoint(lake: Lake, stream: string): Promise<CheckResult> {
  return checked(`checkpoint ${stream}`, 'murmur doctor --fix', async () => {
    const checkpoint = new LocalStorage(lake.paths.checkpoints).at(stream);
    const at = await lake.table(stream).at();
    const found = await examineCheckpoint(at?.table, checkpoint, stream);
    if (found.state === 'not begun') return 'not begun';
    if (found.state !== 'sound') throw found.error;
    return `batch ${found.batchId ?? 'none yet'}`;
  });
}

/** A rebuild that was begun has ended, one way or the other. */
function checkRebuild({ paths, tableStorage }: Lake): Promise<CheckResult> {
  const fix =
    'the next "murmur run" or "murmur doctor --fix" finishes it, or clears it away if it was not decided';
  return checked('rebuild', fix, async () => {
    const place = new RebuildWorkplace({
      tables: tableStorage,
      checkpoints: new LocalStorage(paths.checkpoints),
    });
    const plan = await place.plan();
    if (plan === undefined) return 'none under way';
    const state = (await place.isDecided())
      ? 'is not finished'
      : 'was not finished, the tables are the old ones';
    throw new Error(`that of ${plan.queries[0]!.name} ${state}`);
  });
}

async function checkRun(lake: Lake): Promise<CheckResult> {
  return checked('run', 'end the process that does not answer', async () => {
    const control = await lake.control();
    if (control === undefined) return 'nothing runs on this lake';
    const { pid } = await control.hello().finally(() => control.close());
    return `process ${pid} runs this lake and answers`;
  });
}

async function isRunning(lake: Lake): Promise<boolean> {
  const control = await lake.control();
  control?.close();
  return control !== undefined;
}

/** A taken port is no fault: the page takes the next one. */
async function checkPort({ host, port }: { host: string; port: number }): Promise<CheckResult> {
  const code = await new Promise<string | undefined>((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
  if (code === undefined) return { check: 'port', ok: true, detail: `${port} on ${host} is free`, fix: null };
  if (code === 'EADDRINUSE') {
    return {
      check: 'port',
      ok: true,
      detail: `${port} is in use (by a run of yours?); the page takes the next one`,
      fix: null,
    };
  }
  return {
    check: 'port',
    ok: false,
    detail: `${host}:${port}: ${code}`,
    fix: 'correct "page" in murmur.yaml',
  };
}

/** Runs go on without MLflow, but nothing is logged of them. */
function checkMlflow({ lake, spec, env, clock }: OpenLake): Promise<CheckResult> {
  return checked('mlflow', 'start the server, or correct "mlflow" in murmur.yaml', async () => {
    // A person waits: one try, and not for long.
    const quick = { ...env, MLFLOW_HTTP_REQUEST_TIMEOUT: '5', MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' };
    const store = openMlflow(lake, spec, quick, clock);
    try {
      for await (const _ of store.tracking.searchExperiments()) break;
      return logsRuns(spec.mlflow) ? `runs are logged at ${store.uri}` : 'off: no run is logged';
    } finally {
      store.close();
    }
  });
}

/** @param look gives the detail of what is well, or throws what is not */
