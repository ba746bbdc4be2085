// `npm ci`, when node_modules is missing or not what package-lock.json says. It runs before there is any package.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

export function installPackages() {
  if (arePackagesInstalled(root)) return;
  console.log('setup: installing the packages (npm ci)');
  const { status, signal, error } = spawnSync('npm', ['ci', '--include=dev', '--no-progress'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm ci failed (${error?.message ?? signal ?? `exit code ${status}`})`);
}

/** npm notes in node_modules what it installed; packages for other machines are in the lock file alone. */
export function arePackagesInstalled(folder) {
  const note = join(folder, 'node_modules/.package-lock.json');
  if (!existsSync(note)) return false;
  const wanted = packagesOf(join(folder, 'package-lock.json'));
  const installed = packagesOf(note);
  const isInstalled = ([path, { version, optional }]) =>
    path in installed ? installed[path].version === version : optional === true;
  return Object.entries(wanted).every(isInstalled) && Object.keys(installed).every((path) => path in wanted);
}

function packagesOf(lockFile) {
  const { '': _ourselves, ...packages } = JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  return packages;
}
