/** One of the processes that want the same names: `racer.ts FOLDER NAME KEYS`. */
import { LocalStorage } from '../../src/storage/local.js';
import { whenTold } from './child-processes.js';

const [folder, name, keys] = process.argv.slice(2);
const storage = new LocalStorage(folder!);

await whenTold(async () => {
  const won: number[] = [];
  for (let key = 0; key < Number(keys); key++) {
    const outcome = await storage.putIfAbsent(`log/${key}`, Buffer.from(name!.repeat(1000)));
    if (outcome === 'created') won.push(key);
  }
  return won;
});
