// Writes the URL of every module that a process imports, and of every native one that it opens, to $LOADS_LOG.
import { appendFileSync } from 'node:fs';
import { register } from 'node:module';

const log = process.env.LOADS_LOG;
register(
  `data:text/javascript,${encodeURIComponent(`
    import { appendFileSync } from 'node:fs';
    export async function load(url, context, next) {
      appendFileSync(${JSON.stringify(log)}, url + '\\n');
      return next(url, context);
    }
  `)}`,
);

const { dlopen } = process;
process.dlopen = (module, path, ...rest) => {
  appendFileSync(log, `${path}\n`);
  return dlopen(module, path, ...rest);
};
