/** Storage, tables and lakes on a real S3 server. */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll } from 'vitest';
import { openStorage } from '../../src/storage/open-storage.js';
import { storageContract } from '../contract/storage.contract.js';
import { type S3Server, startS3 } from './setup/s3.js';

let server: S3Server;
let stores = 0;

beforeAll(async () => {
  server = await startS3();
  const { endpoint, credentials } = server;
  const client = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: 'lake' }));
  client.destroy();
});
afterAll(() => server.stop());

storageContract('s3', async () => {
  const { endpoint, credentials } = server;
  return openStorage(`s3://lake/contract/${stores++}`, '/', { endpoint, credentials });
});
