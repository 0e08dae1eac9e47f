/** What an ONNX file tells of itself without being run: whether its numbers are rounded, by which scale, and where they lie. */
import { createReadStream } from 'node:fs';

export interface OnnxNature {
  isQuantised: boolean;
  /** Activations are rounded by a scale of the whole batch: a text's score depends on its neighbours. */
  scalesByBatch: boolean;
  /** Files that hold weights apart from it, as paths from its folder. */
  dataFiles: string[];
}

/** Names of operators stand in the file as they are. */
const byBatch = ['DynamicQuantizeLinear', 'DynamicQuantizeMatMul', 'DynamicQuantizeLSTM'];
const rounded = [...byBatch, 'QuantizeLinear', 'MatMulInteger', 'QLinearMatMul', 'QAttention', 'MatMulNBits'];
/** Before the name of a file in `TensorProto.external_data`: the key, and that a text follows, whose length is the next byte. */
const location = Buffer.from('\x0a\x08location\x12', 'latin1');
/** A name or a path is found in one piece if so many bytes are looked at together. */
const longest = location.length + 1 + 127;

export async function onnxNature(file: string): Promise<OnnxNature> {
  const found = new Set<string>();
  const dataFiles = new Set<string>();
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 22 })) {
    const window = Buffer.concat([rest, chunk as Buffer]);
    for (const name of rounded) if (!found.has(name) && window.includes(name)) found.add(name);
    for (const name of locationsIn(window)) dataFiles.add(name);
    rest = window.subarray(Math.max(0, window.length - longest));
  }
  return {
    isQuantised: found.size > 0,
    scalesByBatch: byBatch.some((name) => found.has(name)),
    dataFiles: [...dataFiles],
  };
}

/** Those that are whole; one that is cut is seen again in the next window. */
function* locationsIn(window: Buffer): Generator<string> {
  for (let at = window.indexOf(location); at >= 0; at = window.indexOf(location, at + 1)) {
    const start = at + location.length + 1;
    const length = window[start - 1];
    if (length !== undefined && start + length <= window.length)
      yield window.toString('utf8', start, start + length);
  }
}
