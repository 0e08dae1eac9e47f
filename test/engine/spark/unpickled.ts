/** What travels to Spark's Python workers, read back opcode by opcode, as a worker's unpickler would. */

/** A call that the unpickler makes: function and arguments. */
export interface Call {
  fn: string;
  args: unknown[];
}

/** The calls of a pickle in their order; the last one's result is the pickle's. @throws for an opcode that is not ours */
export function callsOf(bytes: Uint8Array): Call[] {
  const data = Buffer.from(bytes);
  const mark = Symbol('mark');
  const stack: unknown[] = [];
  const calls: Call[] = [];
  let at = 0;
  const line = () => {
    const end = data.indexOf('\n', at);
    const text = data.toString('utf8', at, end);
    at = end + 1;
    return text;
  };
  const opcodes: Record<string, () => void> = {
    c: () => stack.push(`${line()}.${line()}`),
    '(': () => stack.push(mark),
    X: () => {
      const length = data.readUInt32LE(at);
      at += 4 + length;
      stack.push(data.toString('utf8', at - length, at));
    },
    '}': () => stack.push({}),
    s: () => {
      const [key, value] = stack.splice(-2);
      Object.assign(stack.at(-1) as object, { [key as string]: value });
    },
    t: () => stack.push(stack.splice(stack.lastIndexOf(mark)).slice(1)),
    R: () => {
      const [fn, args] = stack.splice(-2) as [string, unknown[]];
      calls.push({ fn, args });
      stack.push(calls.at(-1));
    },
    '0': () => stack.pop(),
  };
  for (;;) {
    const opcode = String.fromCharCode(data[at++]!);
    if (opcode === '.') break;
    opcodes[opcode]!();
  }
  if (at !== data.length || stack.length !== 1 || stack[0] !== calls.at(-1))
    throw new Error('the last call is not all that the pickle holds');
  return calls;
}
