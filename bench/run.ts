/** `npm run bench -- NAME [ARGUMENT…]`: each file beside this one is a bench, its default export runs it. */
import { readdirSync } from 'node:fs';

const [name, ...args] = process.argv.slice(2);
const names = readdirSync(new URL('.', import.meta.url))
  .map((file) => file.replace(/\.ts$/, ''))
  .filter((file) => file !== 'run')
  .sort();

if (name === undefined || !names.includes(name)) {
  console.log(`usage: npm run bench -- NAME [ARGUMENT…]\nbenches: ${names.join(', ')}`);
  process.exitCode = name === undefined ? 0 : 1;
} else {
  const bench: { default: (args: string[]) => Promise<void> } = await import(`./${name}.ts`);
  await bench.default(args);
}
