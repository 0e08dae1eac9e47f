/**
 * Text classifiers of a few numbers as ONNX files, written byte by byte: a token is a row of weights, a text the mean of its
 * tokens. Enough to be scored for real, with any inputs, outputs and operators that a test asks for.
 */

export interface TinyModel {
  /** One row of class weights for each token id. */
  weights: readonly (readonly number[])[];
  inputs?: readonly string[];
  output?: string;
  /** The text's numbers are rounded by a scale of the whole batch, as ONNX Runtime's dynamic quantisation does. */
  dynamic?: boolean;
  /** Name of a file that holds the weights (`tinyWeights`), in the place of the network itself. */
  weightsIn?: string;
}

/** What the file of `weightsIn` holds. */
export function tinyWeights({ weights }: Pick<TinyModel, 'weights'>): Buffer {
  return floats(weights.flat());
}

const float = 1;
const int64 = 7;
const maskInput = 'attention_mask';

export function tinyOnnx(model: TinyModel): Buffer {
  const { weights, inputs = ['input_ids', maskInput], output = 'logits', dynamic = false, weightsIn } = model;
  const classes = weights[0]!.length;
  const inside = ['weights', [weights.length, classes], float] as const;
  const nodes = [
    node('Gather', ['weights', inputs[0]!], ['rows']),
    node('Cast', [maskInput], ['mask'], [attribute('to', float)]),
    node('Unsqueeze', ['mask', 'last'], ['column']),
    node('Mul', ['rows', 'column'], ['seen']),
    node('ReduceSum', ['seen', 'middle'], ['sum'], [attribute('keepdims', 0)]),
    node('ReduceSum', ['column', 'middle'], ['length'], [attribute('keepdims', 0)]),
    ...(dynamic
      ? [
          node('Div', ['sum', 'length'], ['mean']),
          node('DynamicQuantizeLinear', ['mean'], ['rounded', 'scale', 'zero']),
          node('DequantizeLinear', ['rounded', 'scale', 'zero'], [output]),
        ]
      : [node('Div', ['sum', 'length'], [output])]),
  ];
  const graph = [
    ...nodes.map((bytes) => field(1, bytes)),
    field(2, text('tiny')),
    field(5, weightsIn === undefined ? tensor(...inside, tinyWeights(model)) : outside(...inside, weightsIn)),
    field(5, tensor('last', [1], int64, longs([2]))),
    field(5, tensor('middle', [1], int64, longs([1]))),
    ...inputs.map((name) => field(11, value(name, int64, ['batch', 'tokens']))),
    field(12, value(output, float, ['batch', classes])),
  ];
  const opset = field(8, Buffer.concat([field(1, text('')), number(2, 17)]));
  return Buffer.concat([number(1, 8), field(7, Buffer.concat(graph)), opset]);
}

function node(operator: string, inputs: string[], outputs: string[], attributes: Buffer[] = []): Buffer {
  return Buffer.concat([
    ...inputs.map((name) => field(1, text(name))),
    ...outputs.map((name) => field(2, text(name))),
    field(4, text(operator)),
    ...attributes.map((bytes) => field(5, bytes)),
  ]);
}

/** Of the kind INT. */
function attribute(name: string, is: number): Buffer {
  return Buffer.concat([field(1, text(name)), number(3, is), number(20, 2)]);
}

function tensor(name: string, shape: readonly number[], type: number, raw: Buffer): Buffer {
  return Buffer.concat([...described(name, shape, type), field(9, raw)]);
}

/** A tensor whose numbers are the whole of a file beside the network. */
function outside(name: string, shape: readonly number[], type: number, file: string): Buffer {
  const location = Buffer.concat([field(1, text('location')), field(2, text(file))]);
  return Buffer.concat([...described(name, shape, type), field(13, location), number(14, 1)]);
}

function described(name: string, shape: readonly number[], type: number): Buffer[] {
  return [...shape.map((size) => number(1, size)), number(2, type), field(8, text(name))];
}

function value(name: string, type: number, shape: (string | number)[]): Buffer {
  const dimensions = shape.map((size) =>
    field(1, typeof size === 'string' ? field(2, text(size)) : number(1, size)),
  );
  const ofTensor = Buffer.concat([number(1, type), field(2, Buffer.concat(dimensions))]);
  return Buffer.concat([field(1, text(name)), field(2, field(1, ofTensor))]);
}

function field(at: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint((at << 3) | 2), varint(bytes.length), bytes]);
}

function number(at: number, is: number): Buffer {
  return Buffer.concat([varint(at << 3), varint(is)]);
}

function varint(is: number): Buffer {
  const bytes: number[] = [];
  for (let rest = is; ; rest = Math.floor(rest / 128)) {
    bytes.push(rest < 128 ? rest : (rest % 128) | 128);
    if (rest < 128) return Buffer.from(bytes);
  }
}

function text(is: string): Buffer {
  return Buffer.from(is, 'utf8');
}

function floats(numbers: readonly number[]): Buffer {
  return Buffer.from(Float32Array.from(numbers).buffer);
}

function longs(numbers: readonly number[]): Buffer {
  return Buffer.from(BigInt64Array.from(numbers, BigInt).buffer);
}
