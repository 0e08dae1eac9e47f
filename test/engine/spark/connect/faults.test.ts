import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { afterEach, describe, expect, it } from 'vitest';
import type { MurmurError } from '../../../../src/base/errors.js';
import type { FetchErrorDetailsResponseSchema } from '../../../../src/engine/spark/connect/gen/spark/connect/base_pb.js';
import { rootCause, SparkException, sparkExceptions } from '../../../../src/engine/spark/connect/index.js';
import { type FakeSpark, sparkError, startFakeSpark } from './fake-spark.js';

let fake: FakeSpark;
afterEach(() => fake.close());

type Details = MessageInitShape<typeof FetchErrorDetailsResponseSchema>;

/** What a caller gets when a setting fails with this status and these details. */
async function faultOf(
  status: ReturnType<typeof sparkError>,
  details?: Details | Error,
): Promise<MurmurError> {
  fake = await startFakeSpark([], {
    config: () => {
      throw status;
    },
    ...(details && {
      fetchErrorDetails: ({ errorId }) => {
        fake.errorsFetched.push(errorId);
        if (details instanceof Error) throw details;
        return details;
      },
    }),
  });
  const { session } = await fake.connect();
  return session.setConf({}).then(
    () => expect.fail('no error'),
    (e: MurmurError) => e,
  );
}

const streamFailure: Details = {
  rootErrorIdx: 0,
  errors: [
    {
      errorTypeHierarchy: ['org.apache.spark.sql.streaming.StreamingQueryException', 'java.lang.Exception'],
      message: '[STREAM_FAILED] Query terminated with exception: [TASK_WRITE_FAILED] Task failed.\nplan…',
      causeIdx: 1,
      sparkThrowable: { errorClass: 'STREAM_FAILED', sqlState: 'XXKST', messageParameters: { id: 'q' } },
    },
    {
      errorTypeHierarchy: ['org.apache.spark.SparkException'],
      message: '[TASK_WRITE_FAILED] Task failed.',
      causeIdx: 2,
      sparkThrowable: { errorClass: 'TASK_WRITE_FAILED' },
    },
    {
      errorTypeHierarchy: ['org.apache.spark.api.python.PythonException'],
      message:
        '[PYTHON_EXCEPTION] From the worker: Traceback (most recent call last):\n  File "a.py", line 2, in f\nKeyError: 1\n\n' +
        'During handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n' +
        '  File "a.py", line 4, in f\n    raise x\nValueError: met a\nlong story\n SQLSTATE: 38000',
      sparkThrowable: { errorClass: 'PYTHON_EXCEPTION', sqlState: '38000' },
      stackTrace: [{ declaringClass: 'a.B', methodName: 'c', fileName: 'B.scala', lineNumber: 7 }],
    },
  ],
};

describe('an error of Spark', () => {
  it('has the whole chain of causes, the real one in its message', async () => {
    const fault = await faultOf(sparkError('[STREAM_FAILED] cut sho', { errorId: 'e1' }), streamFailure);
    expect(fake.errorsFetched).toEqual(['e1']);
    expect(fault.code).toBe('spark.query_failed');
    expect(fault.message).toBe(
      'reading or changing settings: [STREAM_FAILED] Query terminated with exception: [TASK_WRITE_FAILED] Task failed.; cause: ValueError: met a',
    );
    expect(fault.context).toMatchObject({
      errorClass: 'STREAM_FAILED',
      sqlState: 'XXKST',
      rootClass: 'org.apache.spark.api.python.PythonException',
    });
    expect(sparkExceptions(fault).map((x) => x.errorClass)).toEqual([
      'STREAM_FAILED',
      'TASK_WRITE_FAILED',
      'PYTHON_EXCEPTION',
    ]);
    const root = rootCause(fault)!;
    expect(root).toBeInstanceOf(SparkException);
    expect(root.summary).toBe('ValueError: met a');
    expect(root.frames).toEqual(['a.B.c(B.scala:7)']);
    expect(sparkExceptions(fault)[0]!.parameters).toEqual({ id: 'q' });
  });

  it('of a statement points into it', async () => {
    const fault = await faultOf(sparkError('x', { errorId: 'e1' }), {
      errors: [
        {
          errorTypeHierarchy: ['a.ExtendedAnalysisException', 'org.apache.spark.sql.AnalysisException'],
          message:
            "[UNRESOLVED_COLUMN] `nope` cannot be resolved. SQLSTATE: 42703; line 1 pos 7;\n'Project ['nope]",
          sparkThrowable: {
            errorClass: 'UNRESOLVED_COLUMN',
            sqlState: '42703',
            queryContexts: [{ contextType: 7 as never, fragment: 'nope', startIndex: 7, stopIndex: 10 }],
          },
        },
      ],
    });
    expect(fault).toMatchObject({ code: 'spark.analysis', fault: 'user', retry: 'never' });
    expect(fault.message).toMatch(/line 1 pos 7$/);
    expect(fault.context).toMatchObject({ errorClass: 'UNRESOLVED_COLUMN', fragment: 'nope' });
    expect(rootCause(fault)!.contexts[0]).toEqual({
      fragment: 'nope',
      startIndex: 7,
      stopIndex: 10,
      objectType: '',
      objectName: '',
    });
  });

  it.each<[string, Details | Error]>([
    ['the server has forgotten its details', {}],
    ['its details cannot be asked for', sparkError('[INVALID_HANDLE.SESSION_CHANGED]', {}, Code.Internal)],
  ])('is told from its status when %s', async (_, details) => {
    const metadata = {
      errorId: 'e1',
      errorClass: 'DIVIDE_BY_ZERO',
      sqlState: '22012',
      classes: '["org.apache.spark.SparkArithmeticException","java.lang.Exception"]',
      messageParameters: '{"config":"x","n":1}',
    };
    const fault = await faultOf(sparkError('[DIVIDE_BY_ZERO] Division by zero.', metadata), details);
    expect(fault).toMatchObject({ code: 'spark.query_failed', fault: 'user' });
    expect(fault.context).toMatchObject({ errorClass: 'DIVIDE_BY_ZERO', sqlState: '22012' });
    expect(rootCause(fault)).toMatchObject({
      classes: ['org.apache.spark.SparkArithmeticException', 'java.lang.Exception'],
      parameters: { config: 'x', n: '1' },
    });
  });

  it('is told from its text when nothing else came, or only half of it', async () => {
    const fault = await faultOf(
      sparkError('[CAST_INVALID_INPUT] The value cannot be cast. SQLSTATE: 22018', {
        classes: '["org.apache.spa',
        messageParameters: '{"a":',
      }),
    );
    expect(fault.context).toMatchObject({ errorClass: 'CAST_INVALID_INPUT', sqlState: '22018' });
    expect(rootCause(fault)!.classes).toEqual(['org.apache.spark.SparkException']);
    expect(fake.errorsFetched).toEqual([]);
  });

  it('with causes in a circle ends', async () => {
    const error = (message: string, causeIdx: number) => ({ message, causeIdx, errorTypeHierarchy: ['x'] });
    const fault = await faultOf(sparkError('x', { errorId: 'e' }), {
      errors: [error('a', 1), error('b', 0)],
    });
    expect(sparkExceptions(fault).map((x) => x.message)).toEqual(['a', 'b']);
  });

  it.each([
    ['spark.interrupted', 'user', '[OPERATION_CANCELED] Operation has been canceled. SQLSTATE: HY008', {}],
    ['spark.operation_lost', 'external', '[INVALID_HANDLE.OPERATION_ABANDONED] Gone.', {}],
    ['spark.operation_lost', 'external', '[INVALID_CURSOR.POSITION_NOT_AVAILABLE] Gone.', {}],
    [
      'spark.python_version',
      'user',
      '[PYTHON_VERSION_MISMATCH] Python in worker has different version: 3.11 than that in driver: 3.9',
      { workerPython: '3.11' },
    ],
    [
      'spark.query_name_taken',
      'user',
      'Cannot start query with name gold as a query with that name is already active in this SparkSession',
      {},
    ],
    ['spark.conflict', 'external', '[DELTA_CONCURRENT_APPEND] Files were added. SQLSTATE: 2D521', {}],
    ['spark.query_failed', 'external', 'java.io.IOException: disk full', {}],
  ])('is %s', async (code, fault, text, context) => {
    expect(await faultOf(sparkError(text))).toMatchObject({ code, fault, context, fix: expect.any(String) });
  });
});
