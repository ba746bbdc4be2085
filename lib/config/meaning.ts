import { OWN_WORKFLOW_PREFIX } from '../contract/names.ts';
import { awsClients } from './aws-clients.ts';
import type { Config } from './config.ts';
import { GLOBAL_DIRECTIVES, TOP_SECTIONS } from './directives.ts';
import { dqmOf } from './dqm.ts';
import { tagText, type Directive, type Node } from './grammar.ts';
import type { Document } from './include.ts';
import type { Machine } from './machine.ts';
import { didYouMean, nearest, nearMiss } from './nearest.ts';
import { createNotes, shown, type Notice, type Notes } from './notice.ts';
import { queuesOf, type Queues } from './queues.ts';
import { createSection, userContainers, type Reading, type Section } from './section.ts';
import { createValueReader } from './value-reader.ts';
import { onOff, text, type ValueKind } from './values.ts';

export interface Surroundings {
  env: NodeJS.ProcessEnv;
  machine: Machine;
}

/** What a file means: typed, with defaults, or all its mistakes at once. Reads nothing but its arguments. */
export function configOf(
  document: Document,
  { env, machine }: Surroundings,
): { config: Config; warnings: Notice[] } | { mistakes: Notice[] } {
  const notes = createNotes(document.files, document.mistakes, document.warnings);
  const reading: Reading = { notes, env };
  const absent = { file: document.file, line: 1 };
  const section = <Name extends (typeof TOP_SECTIONS)[number]>(name: Name): Section<Name> =>
    createSection(name, userContainers(document.nodes, name), reading, absent);

  noteGlobalSlips(document, notes);
  const [queueManager, aws, amqp, dqm] = [section('queue_manager'), section('aws'), section('amqp'), section('dqm')];
  const allowCommands = allowCommandsOf(queueManager, notes);
  const queues = queuesOf({ aws, amqp, dqm }, reading);
  const config: Config = {
    file: document.file,
    mimeExtensions: mimeExtensionsOf(document, notes),
    allowCommands,
    listenQueue: listenQueueOf(queueManager, { queues, allowCommands }, notes),
    httpPost: httpPostOf(queueManager, reading),
    aws: awsClients(aws, reading),
    queues: queues.configs,
    dqm: dqmOf(dqm, machine, allowCommands, reading),
  };
  const { mistakes, warnings } = notes.found();
  return mistakes.length > 0 ? { mistakes } : { config, warnings };
}

/** RealityServer's own are skipped without a word, but what is almost a name of ours is told. */
function noteGlobalSlips({ nodes }: Document, notes: Notes): void {
  for (const node of nodes) {
    switch (node.kind) {
      case 'malformed':
        notes.mistake(node, `neither a directive nor a tag${didYouMean(nearest(node.word, GLOBAL_DIRECTIVES))}`);
        break;
      case 'directive': {
        const meant = nearMiss(node.key, GLOBAL_DIRECTIVES);
        if (meant !== undefined && meant !== node.key)
          notes.warning(node, `${node.key} is skipped${didYouMean(meant)}`);
        break;
      }
      case 'container': {
        const meant = node.tag === 'user' ? nearest(node.name, TOP_SECTIONS) : undefined;
        if (meant !== undefined && meant !== node.name) {
          notes.warning(node, `${tagText(node)} is skipped${didYouMean(`<user ${meant}>`)}`);
        }
        break;
      }
      default:
        node satisfies never;
    }
  }
}

/** The last extension that a type was given stands, so that an including file may overrule what it includes. */
function mimeExtensionsOf({ nodes }: Document, notes: Notes): Map<string, string> {
  const valueOf = createValueReader(undefined, notes);
  const pairs = nodes.filter(isMimeType).map((directive) => valueOf(directive, mimeExtension));
  return new Map(pairs.filter((pair) => pair !== undefined));
}

const isMimeType = (node: Node): node is Directive => node.kind === 'directive' && node.key === 'add_mime_type';

const mimeExtension: ValueKind<readonly [type: string, extension: string]> = {
  expects: 'an extension and a MIME type: add_mime_type exr image/x-exr',
  read(value) {
    const [, extension, type] = /^\.?([\w+-][\w.+-]*)\s+([\w.+-]+\/[\w.+-]+)\s*$/.exec(value) ?? [];
    return extension !== undefined && type !== undefined ? [type.toLowerCase(), extension] : undefined;
  },
};

function allowCommandsOf(section: Section<'queue_manager'>, notes: Notes): Set<string> {
  const commands = section.all('allow_command', text);
  for (const { value, place } of commands) {
    if (value.startsWith(OWN_WORKFLOW_PREFIX)) {
      notes.mistake(place, `allow_command: names that begin with ${OWN_WORKFLOW_PREFIX} are the queue manager's own`);
    }
  }
  return new Set(commands.map(({ value }) => value));
}

function listenQueueOf(
  section: Section<'queue_manager'>,
  { queues: { names }, allowCommands }: { queues: Queues; allowCommands: ReadonlySet<string> },
  notes: Notes,
): string | undefined {
  const name = section.one('listen_queue', text);
  const place = section.placeOf('listen_queue');
  if (name !== undefined && place && !names.has(name)) {
    notes.mistake(place, `listen_queue: no queue ${shown(name)} is configured${didYouMean(nearest(name, names))}`);
  }
  if (place && allowCommands.size === 0) {
    notes.warning(place, 'listen_queue: every message is rejected, since no allow_command lists a command');
  }
  return name;
}

function httpPostOf(section: Section<'queue_manager'>, reading: Reading): Config['httpPost'] {
  const httpPost = createSection('http_post', section.nested('http_post'), reading, section.place);
  return {
    followRedirects: httpPost.one('follow_redirects', onOff) ?? false,
    verifySsl: httpPost.one('verify_ssl', onOff) ?? true,
  };
}
