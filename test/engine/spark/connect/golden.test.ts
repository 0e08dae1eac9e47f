/** Requests, byte for byte as Spark's own clients write them: a generated file that drifts from the protocol shows here. */
import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { requestOptions } from '../../../../src/engine/spark/connect/execute.js';
import { ExecutePlanRequestSchema } from '../../../../src/engine/spark/connect/gen/spark/connect/base_pb.js';
import { WriteStreamOperationStartSchema } from '../../../../src/engine/spark/connect/gen/spark/connect/commands_pb.js';
import { RelationSchema } from '../../../../src/engine/spark/connect/gen/spark/connect/relations_pb.js';
import { mapArrow, sqlRelation } from '../../../../src/engine/spark/connect/index.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('on the wire', () => {
  it('a statement asks to be reattachable, and for large batches in pieces', () => {
    const request = (chunked: boolean) =>
      hex(
        toBinary(
          ExecutePlanRequestSchema,
          create(ExecutePlanRequestSchema, { requestOptions: requestOptions(chunked) }),
        ),
      );
    expect(request(true)).toBe('2a040a0208012a0412020801');
    expect(request(false)).toBe('2a040a020801');
  });

  it('a statement has its operation, tags and the server it saw', () => {
    const request = create(ExecutePlanRequestSchema, {
      operationId: 'o',
      tags: ['t'],
      clientObservedServerSideSessionId: 's',
    });
    expect(hex(toBinary(ExecutePlanRequestSchema, request))).toBe('32016f3a0174420173');
  });

  it('an Arrow map carries its command and its output as DDL', () => {
    const relation = mapArrow(sqlRelation('x'), {
      name: 'f',
      columns: [],
      command: Buffer.from('cm\nCOMMAND\n.'),
      output: 'id string',
      pythonVersion: '3.11',
    });
    expect(hex(toBinary(RelationSchema, create(RelationSchema, relation)))).toBe(
      'e201370a0552030a0178122e0a0166100122270a0ec2010b0a09696420737472696e6710cf011a0c636d0a434f4d4d414e440a2e2204332e3131',
    );
  });

  it('a stream has its trigger', () => {
    const start = (init: object) =>
      hex(toBinary(WriteStreamOperationStartSchema, create(WriteStreamOperationStartSchema, init)));
    expect(start({ trigger: { case: 'availableNow', value: true } })).toBe('3001');
    expect(start({ trigger: { case: 'processingTimeInterval', value: '1 seconds' } })).toBe(
      '2a0931207365636f6e6473',
    );
  });
});
