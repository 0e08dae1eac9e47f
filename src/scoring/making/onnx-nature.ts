/** What an ONNX file tells of itself without being run: whether its numbers are rounded, and by which scale. */
import { createReadStream } from 'node:fs';

export interface OnnxNature {
  isQuantised: boolean;
  /** Activations are rounded by a scale of the whole batch: a text's score depends on its neighbours. */
  scalesByBatch: boolean;
}

/** Names of operators stand in the file as they are. */
const byBatch = ['DynamicQuantizeLinear', 'DynamicQuantizeMatMul', 'DynamicQuantizeLSTM'];
const rounded = [...byBatch, 'QuantizeLinear', 'MatMulInteger', 'QLinearMatMul', 'QAttention', 'MatMulNBits'];
const longest = Math.max(...rounded.map((name) => name.length));

export async function onnxNature(file: string): Promise<OnnxNature> {
  const found = new Set<string>();
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 22 })) {
    const window = Buffer.concat([rest, chunk as Buffer]);
    for (const name of rounded) if (!found.has(name) && window.includes(name)) found.add(name);
    rest = window.subarray(Math.max(0, window.length - longest));
  }
  return { isQuantised: found.size > 0, scalesByBatch: byBatch.some((name) => found.has(name)) };
}
