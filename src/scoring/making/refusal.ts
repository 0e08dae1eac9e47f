import { MurmurError } from '../../base/errors.js';

/** Why a folder does not become a bundle: which file, what is wrong with it, and what helps. */
export function importRefused(file: string, what: string, fix: string, cause?: unknown): MurmurError {
  return new MurmurError('scoring.import_refused', `making a bundle: ${file}: ${what}`, {
    fault: 'user',
    fix,
    cause,
    context: { file },
  });
}

/** The way for models that are not in ONNX yet. */
export const exportInPython =
  'turn the model into a bundle with Python: training/export.py hf:OWNER/NAME --to DIR';
