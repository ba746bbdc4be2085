import { z } from 'zod';

import type { FailureType } from './failures.ts';
import type { JsonText, TaskSpec } from './job-input.ts';
import { memberText } from './json-text.ts';
import { isJsonObject, parseBody, shortName } from './message-body.ts';
import { oneLine } from './one-line.ts';
import { OWN_FIELDS, readJobId, readOwnFields, type OwnFields } from './own-fields.ts';
import type { QueueMessage } from './queue-message.ts';
import { firstIssue, issueText } from './schema.ts';

/** What a message must obey beside its form. */
export interface MessageRules {
  maxMessageBytes: number;
  /** Exact names; empty allows nothing. */
  allowCommands: ReadonlySet<string>;
  /** The configuration's file, for whoever wonders why a command is not allowed. */
  file: string;
  /** What is wrong with a task, beginning with `path`; undefined when nothing is. */
  checkTask(task: TaskSpec, path: string): string | undefined;
  /** What is wrong with a chain's parameters, beginning with `parameters`; undefined when nothing is. */
  checkParameters(command: string, parameters: unknown): string | undefined;
}

/** A message that is a job. */
export interface ReadJob extends OwnFields {
  /** The exact body. */
  text: JsonText;
  command: string;
  tasks: TaskSpec[];
  /** Tolerated, ignored, and worth a line in the log. */
  unknownKeys: string[];
}

export interface Rejection {
  type: FailureType;
  /** Names the field and says what is wrong with it; one line, bounded. */
  reason: string;
  /** Of a job that could be read at least so far. */
  jobId: string | undefined;
}

const MAX_TASKS_BYTES = 128 * 1024;
const MOST_UNKNOWN_KEYS = 20;
const KNOWN_KEYS = new Set(['command', 'parameters', 'tasks', 'queue_name', 'dqm']);

/** Judges a message (interface.md 1). Never throws, whatever the bytes are. */
export function readMessage(message: QueueMessage, rules: MessageRules): { job: ReadJob } | { rejected: Rejection } {
  const body = parseBody(message.body, rules.maxMessageBytes);
  if ('reason' in body) return bad(body.reason, readJobId(undefined, message));
  const jobId = readJobId(body.value['dqm'], message);
  const parsed = JobMessage.safeParse(body.value);
  if (!parsed.success) return bad(issueText(firstIssue(parsed.error)).slice('.'.length), jobId);
  const { command, tasks, dqm } = parsed.data;
  if (!rules.allowCommands.has(command)) {
    const reason = `command: ${shortName(command)} is not listed by allow_command in ${rules.file}`;
    return rejected('CommandNotAllowed', reason, jobId);
  }
  const wrongTasks = tasksMistake(tasks, body.text, rules);
  if (wrongTasks !== undefined) return bad(wrongTasks, jobId);
  const wrongParameters = rules.checkParameters(command, parsed.data.parameters);
  if (wrongParameters !== undefined) return bad(wrongParameters, jobId);
  const own = readOwnFields(dqm, message);
  if ('reason' in own) return bad(own.reason, jobId);
  return { job: { text: body.text, command, tasks, unknownKeys: unknownKeys(body.value, dqm), ...own } };
}

const JsonObject = z.custom<Record<string, unknown>>(isJsonObject, 'must be an object');
const name = z
  .string({ error: ({ input }) => (input === undefined ? 'is required' : 'must be a string') })
  .min(1, 'must not be empty');

/** Not strict: other keys are tolerated. `parameters` are only checked: their text travels as it came. */
export const JobMessage = z.object({
  command: name,
  parameters: JsonObject.nullish(),
  tasks: z
    .array(z.object({ name, config: JsonObject }, 'must be an object with name and config'), 'must be an array')
    .nullish()
    .transform((value) => value ?? []),
  dqm: JsonObject.nullish().transform((value) => value ?? {}),
});

function tasksMistake(tasks: TaskSpec[], text: JsonText, { checkTask }: MessageRules): string | undefined {
  // No character has more than three bytes as UTF-8 for each of its units.
  const bytes = text.length * 3 > MAX_TASKS_BYTES ? Buffer.byteLength(memberText(text, 'tasks') ?? '') : 0;
  if (bytes > MAX_TASKS_BYTES) return `tasks: have ${bytes} bytes, at most ${MAX_TASKS_BYTES} travel with a job`;
  for (const [index, task] of tasks.entries()) {
    const mistake = checkTask(task, `tasks[${index}]`);
    if (mistake !== undefined) return mistake;
  }
  return undefined;
}

function unknownKeys(value: Record<string, unknown>, dqm: Record<string, unknown>): string[] {
  const ofMessage = Object.keys(value).filter((key) => !KNOWN_KEYS.has(key));
  const ofDqm = Object.keys(dqm).filter((key) => !OWN_FIELDS.has(key));
  return [...ofMessage, ...ofDqm.map((key) => `dqm.${key}`)].slice(0, MOST_UNKNOWN_KEYS).map(shortName).map(oneLine);
}

const bad = (reason: string, jobId: string | undefined): { rejected: Rejection } =>
  rejected('BadMessage', reason, jobId);

const rejected = (type: FailureType, reason: string, jobId: string | undefined): { rejected: Rejection } => ({
  rejected: { type, reason: oneLine(reason), jobId },
});
