// Makes src/engine/spark/connect/gen/ again from the .proto subset beside it. The two tools come from npm for this one run.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const tools = ['@bufbuild/buf@1.75.0', '@bufbuild/protoc-gen-es@2.17.0'];
const folder = fileURLToPath(new URL('../src/engine/spark/connect', import.meta.url));
const template = {
  version: 'v2',
  plugins: [{ local: 'protoc-gen-es', out: join(folder, 'gen'), opt: ['target=ts', 'import_extension=js'] }],
};

rmSync(join(folder, 'gen'), { recursive: true, force: true });
execFileSync(
  'npx',
  [
    ...['-y', ...tools.flatMap((tool) => ['-p', tool])],
    ...['buf', 'generate', join(folder, 'proto'), '--template', JSON.stringify(template)],
  ],
  { stdio: 'inherit' },
);
