import type { CommandConfig } from './config.ts';
import type { Container } from './grammar.ts';
import { LONGEST_TIMER, MOST_ATTEMPTS } from './limits.ts';
import { didYouMean, nearMiss } from './nearest.ts';
import { placeText, shown, type Place } from './notice.ts';
import { createSection, type Reading } from './section.ts';
import { durationFrom, errorClass, mimePattern, regularExpression, text, wholeNumber } from './values.ts';

/** The overrides of `<user command>`, by the command's name. */
export function commandsOf(
  containers: readonly Container[],
  allowCommands: ReadonlySet<string>,
  reading: Reading,
): Map<string, CommandConfig> {
  const commands = new Map<string, CommandConfig>();
  const places = new Map<string, Place>();
  for (const container of containers) {
    const section = createSection('command', [container], reading, container);
    const name = section.required('name', text);
    const timeoutMs = section.one('timeout', durationFrom('1s', LONGEST_TIMER));
    const stallTimeoutMs = section.one('stall_timeout', durationFrom('0s', LONGEST_TIMER));
    const attempts = section.one('attempts', wholeNumber(1, MOST_ATTEMPTS));
    const expectType = section.one('expect_type', mimePattern);
    const minBytes = section.one('min_bytes', wholeNumber(0, Number.MAX_SAFE_INTEGER));
    const cancelCommand = section.one('cancel_command', text);
    const command: CommandConfig = {
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(stallTimeoutMs !== undefined && { stallTimeoutMs }),
      ...(attempts !== undefined && { attempts }),
      ...(expectType !== undefined && { expectType }),
      ...(minBytes !== undefined && { minBytes }),
      ...(cancelCommand !== undefined && { cancelCommand }),
      errors: section.nested('error').flatMap((error) => errorOf(error, reading)),
    };
    if (name === undefined) continue;
    const place = section.placeOf('name') ?? container;
    if (isNew(name, place, places, 'command', reading)) commands.set(name, command);
    const meant = allowCommands.has(name) ? undefined : nearMiss(name, allowCommands);
    if (meant !== undefined) reading.notes.warning(place, `command ${shown(name)} is not allowed${didYouMean(meant)}`);
  }
  return commands;
}

function errorOf(container: Container, reading: Reading): CommandConfig['errors'] {
  const section = createSection('error', [container], reading, container);
  const match = section.required('match', regularExpression);
  const outcome = section.required('class', errorClass);
  return match && outcome ? [{ match, class: outcome }] : [];
}

/** The settings of `<user task>`, by the task's name; `setting KEY VALUE` may stand any number of times. */
export function taskSettingsOf(
  containers: readonly Container[],
  reading: Reading,
): Map<string, Readonly<Record<string, string>>> {
  const tasks = new Map<string, Readonly<Record<string, string>>>();
  const places = new Map<string, Place>();
  for (const container of containers) {
    const section = createSection('task', [container], reading, container);
    const name = section.required('name', text);
    const settings = new Map<string, string>();
    const settingPlaces = new Map<string, Place>();
    for (const { value, place } of section.all('setting', setting)) {
      if (isNew(value.key, place, settingPlaces, 'setting', reading)) settings.set(value.key, value.value);
    }
    if (name !== undefined && isNew(name, section.placeOf('name') ?? container, places, 'task', reading)) {
      tasks.set(name, Object.fromEntries(settings));
    }
  }
  return tasks;
}

const setting = {
  expects: 'a name and a value: setting password ${env:FTP_PASSWORD}',
  secret: true,
  read(value: string) {
    const [, key, rest] = /^(\S+)\s+(.+)$/s.exec(value) ?? [];
    return key !== undefined && rest !== undefined ? { key, value: rest } : undefined;
  },
} as const;

function isNew(name: string, place: Place, places: Map<string, Place>, what: string, { notes }: Reading): boolean {
  const first = places.get(name);
  if (first) notes.mistake(place, `${what} ${shown(name)} stands already at ${placeText(first)}`);
  else places.set(name, place);
  return !first;
}
