/** A Python function that gives back what it gets, for the Arrow map: what it costs is the way to Python and back. */
import { mapArrow, type Relation } from '../../../src/engine/spark/connect/index.js';
import { assumedPython } from '../../../src/engine/spark/python/on-workers.js';
import { call, dictionary, pickled, text } from '../../../src/engine/spark/python/pickle.js';

const source = `
from pyspark.sql.types import StructType

def same(batches):
    for batch in batches:
        yield batch

def command():
    return same, StructType()
`;

/** Runs the source once a process. */
const bootstrap = `
import sys, types
if name not in sys.modules:
    module = types.ModuleType(name)
    exec(source, module.__dict__)
    sys.modules[name] = module
`;

const module = 'murmur_same_rows';

/** @param columns by name, with their types: `{ text: 'string' }` */
export function sameRows(input: Relation, columns: Readonly<Record<string, string>>): Relation {
  return mapArrow(input, {
    name: 'same_rows',
    columns: Object.keys(columns),
    command: pickled(
      call('builtins', 'exec', text(bootstrap), dictionary({ name: text(module), source: text(source) })),
      call(module, 'command'),
    ),
    output: Object.entries(columns)
      .map(([name, type]) => `${name} ${type}`)
      .join(', '),
    pythonVersion: assumedPython,
  });
}
