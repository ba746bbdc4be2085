import type { Config } from '../../lib/config/config.ts';
import { TOP_SECTIONS } from '../../lib/config/directives.ts';
import type { Entry } from '../../lib/config/include.ts';
import { configFrom, type LoadedConfig } from '../../lib/config/load.ts';

/** Lines of a configuration by the container they stand in; `global` stands outside. */
export interface ConfigLines {
  global?: string;
  queue_manager?: string;
  aws?: string;
  amqp?: string;
  dqm?: string;
}

/** The least that a file needs to be of use: a queue without a broker, one command, one RealityServer. */
const LEAST: Required<ConfigLines> = {
  global: '',
  queue_manager: ['allow_command render_product', 'listen_queue local'].join('\n'),
  aws: 'region eu-west-1',
  amqp: '',
  dqm: ['realityserver_url http://127.0.0.1:8080/', '<user queue>', 'name local', '</user>'].join('\n'),
};

/**
 * A valid configuration, read as a file would be. A directive of `lines` takes the place of the same one above, what is
 * new is added: `aConfig({ dqm: 'command_attempts 2', queue_manager: 'allow_command a\nallow_command b' })`.
 * Data folder `/var/lib/dqm`, host `gpu-01`. Throws `ConfigurationError` when the lines hold a mistake.
 */
export const aConfig = (lines: ConfigLines = {}, env: NodeJS.ProcessEnv = {}): Config =>
  readText(configText(lines), env).config;

/** The text that `aConfig` reads, for those who need a file. */
export function configText(lines: ConfigLines = {}): string {
  const sections = TOP_SECTIONS.map((name) => `<user ${name}>\n${together(LEAST[name], lines[name] ?? '')}\n</user>`);
  return [lines.global ?? LEAST.global, ...sections].join('\n');
}

/** Reads a text as the file `/etc/dqm/realityserver.conf`, with other files by their absolute path beside it. */
export function readText(text: string, env: NodeJS.ProcessEnv = {}, others: Record<string, string> = {}): LoadedConfig {
  const files = new Map(Object.entries({ ...others, [CONFIG_FILE]: text }));
  return configFrom(CONFIG_FILE, (path) => entryOf(path, files), {
    env,
    machine: { hostName: 'gpu-01', dataFolder: '/var/lib/dqm' },
  });
}

export const CONFIG_FILE = '/etc/dqm/realityserver.conf';

function entryOf(path: string, files: ReadonlyMap<string, string>): Entry {
  const text = files.get(path);
  if (text !== undefined) return { kind: 'file', text };
  const inFolder = [...files.keys()].filter((file) => file.startsWith(`${path}/`)).sort();
  return inFolder.length > 0 ? { kind: 'folder', files: inFolder } : { kind: 'unreadable', reason: 'no such file' };
}

/** Nested containers are always added; a directive of the base gives way when the lines hold its key. */
function together(base: string, lines: string): string {
  const stated = new Set(keysAtTop(lines));
  let depth = 0;
  const kept = base.split('\n').filter((line) => {
    if (line.startsWith('<')) depth += line.startsWith('</') ? -1 : 1;
    return depth > 0 || line.startsWith('<') || !stated.has(keyOf(line));
  });
  return [...kept, lines].join('\n');
}

function keysAtTop(lines: string): string[] {
  let depth = 0;
  return lines.split('\n').flatMap((line) => {
    const text = line.trim();
    if (text.startsWith('<')) depth += text.startsWith('</') ? -1 : 1;
    return depth === 0 ? [keyOf(text)] : [];
  });
}

const keyOf = (line: string): string => line.trim().split(/\s/)[0]?.toLowerCase() ?? '';
