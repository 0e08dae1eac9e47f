/** Runs one script in several processes that begin their work at the same moment. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * Each child writes `ready`, begins when it reads a line, and writes one line of JSON: its result.
 * @returns the results, in the order of the arguments
 */
export async function runTogether<T>(script: URL, args: readonly (readonly string[])[]): Promise<T[]> {
  const children = args.map((own) => {
    const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(script), ...own], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return { child, lines };
  });
  for (const { lines } of children) await lines.next();
  for (const { child } of children) child.stdin.end('go\n');
  return Promise.all(
    children.map(async ({ child, lines }) => {
      const { value } = await lines.next();
      if (value === undefined) throw new Error(`child ${child.pid} ended without a result`);
      return JSON.parse(value) as T;
    }),
  );
}

/** The child's side. */
export async function whenTold<T>(work: () => Promise<T>): Promise<void> {
  console.log('ready');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  console.log(JSON.stringify(await work()));
}
