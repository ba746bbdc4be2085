// Python with the packages of examples/requirements.txt, for the tests that run the examples: in .cache, nowhere else.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, '.cache/python');
const wanted = join(root, 'examples/requirements.txt');
/** Written last: what has it is complete. */
const installed = join(folder, 'requirements.txt');

/** Missing packages: on CI a failure, elsewhere the tests that need them are skipped. */
export function installPython() {
  if (existsSync(installed) && readFileSync(installed, 'utf8') === readFileSync(wanted, 'utf8')) return;
  console.log('setup: installing the Python packages of the examples');
  rmSync(folder, { recursive: true, force: true });
  if (
    run('python3', ['-m', 'venv', folder]) &&
    run(join(folder, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', '-r', wanted])
  ) {
    copyFileSync(wanted, installed);
    return;
  }
  rmSync(folder, { recursive: true, force: true });
  if (process.env.CI) throw new Error('the Python packages of examples/requirements.txt cannot be installed');
  console.log('setup: they cannot be installed, the Python examples are skipped');
}

const run = (program, args) => spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
