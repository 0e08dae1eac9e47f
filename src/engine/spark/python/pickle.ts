/**
 * Pickles written by hand, as far as a command to Spark's Python workers needs them: texts, dictionaries and calls of
 * functions by name. Opcodes of protocol 0 and 1 (CPython, `Lib/pickletools.py`); data never becomes part of code.
 */

/** What leaves one object on the reader's stack. */
export type Pickled = Buffer;

/** BINUNICODE: any text, by its length. */
export function text(value: string): Pickled {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([Buffer.from('X'), length, bytes]);
}

/** EMPTY_DICT, and SETITEM for every entry. */
export function dictionary(entries: Readonly<Record<string, Pickled>>): Pickled {
  const items = Object.entries(entries).flatMap(([key, value]) => [text(key), value, Buffer.from('s')]);
  return Buffer.concat([Buffer.from('}'), ...items]);
}

/** GLOBAL, a tuple of the arguments, REDUCE: what the function gives back. */
export function call(module: string, name: string, ...args: Pickled[]): Pickled {
  return Buffer.concat([Buffer.from(`c${module}\n${name}\n(`), ...args, Buffer.from('tR')]);
}

/** The objects one after the other, of which the last one is the result: POP, and STOP. */
export function pickled(...steps: Pickled[]): Uint8Array {
  return Buffer.concat([
    ...steps.flatMap((step, i) => (i === 0 ? [step] : [Buffer.from('0'), step])),
    Buffer.from('.'),
  ]);
}
