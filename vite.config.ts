import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** The page's browser half; the Node half is compiled by tsc. Nothing is inlined: the page's CSP allows own files only. */
export default defineConfig({
  root: fileURLToPath(new URL('src/dashboard/ui', import.meta.url)),
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(new URL('dist/dashboard/ui', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: false,
  },
});
