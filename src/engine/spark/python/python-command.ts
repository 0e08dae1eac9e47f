/**
 * A command to Spark's Python workers. It carries the Python source itself, because modules that are uploaded to a session
 * are not found by the workers of a streaming query; a worker runs the source once and keeps the module, with all that it
 * has loaded, for as long as it lives.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../../base/package-root.js';
import { call, dictionary, pickled, text } from './pickle.js';

/** Makes the module of the sources, once a process. */
const bootstrap = `\
import platform, sys, types
if name not in sys.modules:
    module = types.ModuleType(name)
    for file, source in sources.items():
        try:
            exec(compile(source, file, 'exec'), module.__dict__)
        except ImportError as fault:
            where = f'{sys.executable}, Python {platform.python_version()}'
            raise RuntimeError(f'MURMUR_MISSING_PACKAGE {fault.name} ({where}): {fault}') from None
    sys.modules[name] = module
`;

/**
 * The pickle that a worker of an Arrow map unpickles: what `command(parameters)` of the sources gives.
 * @param sources paths below `models/`, in the order in which they are run in one module
 * @param parameters reach Python as JSON, never as code
 */
export async function pythonCommand(sources: readonly string[], parameters: unknown): Promise<Uint8Array> {
  const code = await Promise.all(
    sources.map(async (path) => {
      const source = await readFile(join(packageRoot(), 'models', path), 'utf8');
      return [path.slice(path.lastIndexOf('/') + 1), text(source)] as const;
    }),
  );
  const digest = createHash('sha256')
    .update(Buffer.concat(code.map(([, source]) => source)))
    .digest('hex');
  const module = `murmur_${digest.slice(0, 16)}`;
  return pickled(
    call(
      'builtins',
      'exec',
      text(bootstrap),
      dictionary({ name: text(module), sources: dictionary(Object.fromEntries(code)) }),
    ),
    call(module, 'command', text(JSON.stringify(parameters))),
  );
}
