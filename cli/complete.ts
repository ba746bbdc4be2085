import type { Command, Option } from 'commander';

import { environment } from '../lib/config/environment.ts';
import { loadConfig } from '../lib/config/load.ts';
import { FAILURE_TYPES } from '../lib/contract/failures.ts';
import { PRIORITIES } from '../lib/contract/names.ts';
import { JOB_STATES } from '../lib/contract/states.ts';

import { recentIds, refreshForNextTab, type Refresh } from './recent-ids.ts';
import { SHELLS } from './shell-scripts.ts';

/**
 * What may stand for the last of `words`, as typed behind `dqm` so far. Empty where the shell knows better, as for
 * files. Never throws: nobody wants an error while typing.
 */
export function candidates(program: Command, words: readonly string[], refresh: Refresh = refreshForNextTab): string[] {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  const { command, rest } = commandOf(program, before);
  const awaited = valueAwaited(command, before.at(-1));
  const file = configFile(before, command);
  const all = awaited
    ? valuesOf(awaited.attributeName(), file)
    : current.startsWith('-')
      ? command.options.flatMap(({ long, hidden }) => (long && !hidden ? [long] : []))
      : [...command.commands.map((each) => each.name()), ...argumentsOf(command, rest, file, refresh)];
  return [...new Set(all)].filter((each) => each.startsWith(current));
}

function commandOf(program: Command, words: readonly string[]): { command: Command; rest: number } {
  let command = program;
  let rest = 0;
  for (const [index, word] of words.entries()) {
    if (word.startsWith('-') || valueAwaited(command, words[index - 1])) continue;
    const next = command.commands.find((each) => each.name() === word);
    if (next) command = next;
    else rest += 1;
  }
  return { command, rest };
}

const valueAwaited = (command: Command, word: string | undefined): Option | undefined =>
  command.options.find(({ long, short, required }) => required && word !== undefined && [long, short].includes(word));

function configFile(words: readonly string[], command: Command): string {
  const at = words.indexOf('--config');
  return words[at + 1] !== undefined && at >= 0 ? (words[at + 1] ?? '') : String(command.opts()['config'] ?? '');
}

function valuesOf(option: string, file: string): readonly string[] {
  switch (option) {
    case 'queue':
      return [...(configOf(file)?.queues.keys() ?? [])];
    case 'state':
      return JOB_STATES;
    case 'error':
      return FAILURE_TYPES;
    case 'priority':
      return PRIORITIES;
    default:
      return [];
  }
}

function argumentsOf(command: Command, rest: number, file: string, refresh: Refresh): readonly string[] {
  const { registeredArguments } = command;
  const argument = registeredArguments[rest] ?? registeredArguments.findLast(({ variadic }) => variadic);
  switch (argument?.name()) {
    case 'id':
    case 'ids':
      return idsOf(file, refresh);
    case 'shell':
      return SHELLS;
    default:
      return [];
  }
}

function idsOf(file: string, refresh: Refresh): readonly string[] {
  const config = configOf(file);
  if (!config) return [];
  refresh(config.dqm.dataFolder, file);
  return recentIds(config.dqm.dataFolder);
}

function configOf(file: string) {
  try {
    return loadConfig(file, environment()).config;
  } catch {
    return undefined;
  }
}
