// Makes one file of the hundreds that a command would load: most of the time until `dqm` says something went into finding
// and linking them. What several commands share, and what is imported when it is needed, stays in files of its own.
import { readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';

import { build } from 'esbuild';

const MAIN = 'cli/main.js';
/** As deep in `dist` as `cli`. */
const SHARED = 'bundled';

/** Puts the bundled program in the place of the compiled `cli/main.js`. Gives the files it wrote, absolute. */
export async function bundleProgram(dist) {
  const { metafile } = await build({
    absWorkingDir: dist,
    entryPoints: [MAIN],
    outdir: '.',
    outbase: '.',
    allowOverwrite: true,
    bundle: true,
    splitting: true,
    chunkNames: `${SHARED}/[name]-[hash]`,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    metafile: true,
    logLevel: 'warning',
    // What is CommonJS in the bundle requires Node's own modules.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module';\nconst require = requireFrom(import.meta.url);",
    },
    plugins: [temporalAsItIs, placesAsCompiled(dist)],
  });
  return Object.keys(metafile.outputs).map((file) => resolve(dist, file));
}

/**
 * Client and worker must share each of Temporal's modules, and the worker has native ones. Required and not imported:
 * an import of CommonJS reads every file of it twice.
 */
const temporalAsItIs = {
  name: 'temporal-as-it-is',
  setup({ onResolve, onLoad }) {
    const namespace = 'temporal';
    onResolve({ filter: /^@temporalio\// }, ({ path, kind, namespace: from }) =>
      // What is imported when it is needed gets its names from Node: a bundled CommonJS module would have one, `default`.
      from === namespace || kind === 'dynamic-import' ? { path, external: true } : { path, namespace },
    );
    onLoad({ filter: /.*/, namespace }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

/** A module that looks for a file beside itself finds it where it was compiled to. */
const placesAsCompiled = (dist) => ({
  name: 'places-as-compiled',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, async ({ path }) => {
      if (path.includes('node_modules')) return undefined;
      const code = await readFile(path, 'utf8');
      if (!code.includes('import.meta.url')) return undefined;
      const fromBundle = relative(join(dist, SHARED), path);
      return {
        contents: code.replaceAll('import.meta.url', `new URL(${JSON.stringify(fromBundle)}, import.meta.url).href`),
      };
    });
  },
});
