// `npm test [-- jest's arguments]`: set-up, all tests, and one plain line at the end.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPython } from './python.mjs';
import { setUp } from './setup.mjs';
import { summaryOf } from './summary.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Jest's exit code. Whatever the tests write goes to `folder`. */
function runJest(args, folder, outputFile) {
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const child = spawn(process.execPath, [jest, '--json', '--outputFile', outputFile, ...args], {
    cwd: root,
    // The AWS SDK tells of a Node version that only whoever updates it must think of.
    env: { ...process.env, TMPDIR: folder, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    stdio: 'inherit',
  });
  // It stops its servers and ends; then so do we.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

async function test(args) {
  await setUp();
  installPython();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dqm-tests-')));
  const outputFile = join(folder, 'result.json');
  try {
    process.exitCode = await runJest(args, folder, outputFile);
    if (!existsSync(outputFile)) throw new Error('the run was broken off');
    console.log(summaryOf(JSON.parse(readFileSync(outputFile, 'utf8'))));
  } finally {
    // Also after a run that was broken off, whose tests could not tidy up.
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  await test(process.argv.slice(2));
} catch (error) {
  console.error(`test: ${error.message}`);
  process.exitCode ||= 1;
}
