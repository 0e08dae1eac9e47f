/** Which ONNX file of several is meant, by the names that the hub and its tools use. */
import { exportInPython, importRefused } from './refusal.js';

/** `fp32`, `int8`, or the path of a file. */
export type OnnxChoice = 'fp32' | 'int8' | (string & {});

/** Without and with `onnx/` before them, in the order in which they are taken. */
const names = {
  fp32: ['model.onnx'],
  int8: ['model_quantized.onnx', 'model_int8.onnx', 'model_uint8.onnx', 'model_qint8_avx512_vnni.onnx'],
} as const;

/**
 * The model's file among those of a folder or a repository, and the files that hold its weights apart from it.
 * @param choice default: fp32, or int8 where that alone is there
 * @throws scoring.import_refused (user)
 */
export function chooseOnnx(
  paths: readonly string[],
  where: string,
  choice?: OnnxChoice,
): { model: string; data: string[] } {
  const model = candidates(choice).find((path) => paths.includes(path));
  if (model === undefined) throw missing(paths, where, choice);
  const data = [`${model}_data`, `${model}.data`].filter((path) => paths.includes(path));
  return { model, data };
}

function candidates(choice: OnnxChoice | undefined): string[] {
  const both = (list: readonly string[]) => list.flatMap((name) => [`onnx/${name}`, name]);
  if (choice === undefined) return [...both(names.fp32), ...both(names.int8)];
  return isKind(choice) ? both(names[choice]) : [choice];
}

function missing(paths: readonly string[], where: string, choice: OnnxChoice | undefined): Error {
  const others = paths.filter((path) => path.endsWith('.onnx'));
  if (others.length === 0) return importRefused('model.onnx', `no ONNX file in ${where}`, exportInPython);
  const wanted = choice === undefined || isKind(choice) ? names[choice ?? 'fp32'][0] : choice;
  return importRefused(
    wanted,
    `not in ${where}`,
    `choose one that is there: ${others.map((path) => `--onnx ${path}`).join(', ')}`,
  );
}

function isKind(choice: OnnxChoice): choice is 'fp32' | 'int8' {
  return choice === 'fp32' || choice === 'int8';
}
