// Compiles the sources into dist/, copies what the compiler leaves behind, bundles the program and the workflows, and does
// nothing when nothing has changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const stamp = join(root, '.cache/build-stamp');

const SOURCE_FOLDERS = [
  'activities',
  'bench',
  'bridges',
  'cli',
  'lib',
  'simulator',
  'soak',
  'testing',
  'workers',
  'workflows',
];
const SETTINGS = [
  'package-lock.json',
  'scripts/build.mjs',
  'scripts/bundle-program.mjs',
  'tsconfig.json',
  'tsconfig.build.json',
];
/** What the program reads beside its code. */
const ASSET = /\.(?:css|html|mjs|yaml)$/;
const SOURCE = /\.(?:ts|css|html|mjs|yaml)$/;
const COMMANDS = ['cli/main.js', 'simulator/main.js'];

export async function build() {
  const sources = SOURCE_FOLDERS.flatMap(filesIn).filter((file) => SOURCE.test(file));
  const state = digestOf([...SETTINGS, ...sources]);
  if (existsSync(dist) && existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return;

  // Gone first: a build that fails half-way must not pass for a good one.
  rmSync(stamp, { force: true });
  const assets = sources.filter((file) => ASSET.test(file));
  const written = new Set([...compile(), ...assets.map(copyAsset), ...(await bundleProgram())]);
  for (const file of filesIn('dist')) if (!written.has(resolve(root, file))) rmSync(resolve(root, file));
  await bundleWorkflows();
  for (const command of COMMANDS) if (existsSync(join(dist, command))) chmodSync(join(dist, command), 0o755);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, state);
}

/** The files it wrote, absolute. */
function compile() {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const args = [compiler, '-p', 'tsconfig.build.json', '--listEmittedFiles'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  const lines = stdout.split('\n');
  if (status !== 0) {
    const complaints = lines.filter((line) => !line.startsWith('TSFILE: ')).join('\n');
    throw new Error(`the sources do not compile:\n${complaints}${stderr}`);
  }
  return lines
    .filter((line) => line.startsWith('TSFILE: '))
    .map((line) => resolve(root, line.slice('TSFILE: '.length)));
}

async function bundleProgram() {
  // Not at the top: setup imports this file before there is any package.
  const bundler = await import('./bundle-program.mjs');
  return bundler.bundleProgram(dist);
}

/** For job workers without chains. */
async function bundleWorkflows() {
  const built = (file) => import(pathToFileURL(join(dist, file)).href);
  const { BUILT_WORKFLOWS, ...bundler } = await built('workers/bundle.js');
  const { createLog } = await built('lib/log.js');
  const { code } = await bundler.bundleWorkflows(createLog({ level: 'warn' }));
  writeFileSync(BUILT_WORKFLOWS, code);
}

function copyAsset(file) {
  const target = join(dist, file);
  cpSync(join(root, file), target);
  return target;
}

/** Paths relative to the root, in a stable order. */
function filesIn(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await build();
  } catch (error) {
    console.error(`build: ${error.message}`);
    process.exitCode = 1;
  }
}
