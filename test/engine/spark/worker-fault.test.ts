import { describe, expect, it } from 'vitest';
import { workerFault, workerVersions } from '../../../src/engine/spark/python/worker-fault.js';

/** As Spark reports what a Python worker raised. */
const report = (last: string) => `[PYTHON_EXCEPTION] An exception was thrown from the Python worker:
Traceback (most recent call last):
  File "<string>", line 9, in <module>
${last}
 SQLSTATE: 38000`;

const mismatch = report(
  'pyspark.errors.exceptions.base.PySparkRuntimeError: [PYTHON_VERSION_MISMATCH] Python in worker has different version: 3.12 than that in driver: 3.9, PySpark cannot run with different minor versions.',
);

describe('what a worker reports', () => {
  it.each([
    ['MISSING_PACKAGE onnxruntime (/usr/bin/python3, Python 3.12.3): no', 'spark.worker_package_missing'],
    ['BUNDLE_NOT_FOUND /models/a b/MLmodel on host: No such file', 'spark.bundle_missing'],
    ['BUNDLE_CHANGED altered file in the model bundle: model.onnx', 'spark.bundle_altered'],
    ['BUNDLE_INVALID Fail: opset 99', 'spark.bundle_invalid'],
  ])('%s', (said, code) => {
    const cause = new Error('cause');
    const error = workerFault(report(`murmur_0.ScorerFault: MURMUR_${said}`), cause);
    expect(error).toMatchObject({ code, fault: 'external', cause });
    expect(error!.message).toContain(said.slice(said.indexOf(' ') + 1));
    expect(error!.message).not.toContain('SQLSTATE');
    expect(error!.fix).toBeTruthy();
  });

  it('a missing package comes with the line that installs all', () => {
    const error = workerFault(report('RuntimeError: MURMUR_MISSING_PACKAGE yaml (/p, Python 3.11.7): no'));
    expect(error!.fix).toContain('pip install numpy onnxruntime pyarrow pyyaml tokenizers');
  });

  it('another Python than the one that the command names', () => {
    expect(workerVersions(mismatch)).toEqual({ worker: '3.12', asked: '3.9' });
  });

  it('anything else is not its business', () => {
    expect(
      workerFault(report('ValueError: a text about MURMUR_ and PYTHON_VERSION_MISMATCH')),
    ).toBeUndefined();
    expect(workerFault('MURMUR_SOMETHING_NEW x')).toBeUndefined();
  });
});
