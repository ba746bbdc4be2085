import type { JsonText } from '../../lib/contract/job-input.ts';
import { elementTexts, memberText, withMember, withoutMember } from '../../lib/contract/json-text.ts';
import type { Outcome } from '../../lib/realityserver/json-rpc.ts';
import { MESSAGE, messageOf, responseFrame } from '../../lib/realityserver/web-socket/frames.ts';
import {
  arrayBytes,
  createTypedReader,
  FrameError,
  jsonTextOf,
  memberOf,
  stringOf,
  typedBytes,
  type Typed,
} from '../../lib/realityserver/web-socket/typed-values.ts';

import { joined } from './json-rpc.ts';
import { isOwn, mayHoldOwn, type OwnCall } from './own-commands.ts';
import type { OwnCalls, OwnOutcomes } from './run-each.ts';

/** One message of a WebSocket, binary or text. */
export interface Frame {
  data: Buffer;
  isBinary: boolean;
}

/** An `execute` that holds at least one of our commands. */
export interface OwnExecute {
  /** The id's JSON; `null`: no answer is wanted. */
  id: JsonText;
  /** Our commands by their place in the list; an error: its parameters hold bytes, which have no place in a job. */
  own: OwnCalls;
  total: number;
  /** The same message without our commands, its other bytes as they came; undefined when nothing is left. */
  rest: Frame | undefined;
  /** The answer when nothing is left. */
  answer(outcomes: OwnOutcomes): Frame;
}

/** Larger ones pass unread. */
const MOST_READ_BYTES = 4 * 1024 * 1024;

/** Undefined: the frame is none of ours and passes untouched, broken ones too. */
export function readExecute({ data, isBinary }: Frame): OwnExecute | undefined {
  if (data.length > MOST_READ_BYTES || !mayHoldOwn(data)) return undefined;
  try {
    return isBinary ? readBinary(data) : readText(data.toString());
  } catch (error) {
    if (error instanceof FrameError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function readBinary(data: Buffer): OwnExecute | undefined {
  const head = messageOf(data);
  if (head?.message !== MESSAGE.command) return undefined;
  const { isLittleEndian } = head;
  const message = createTypedReader(data, 4, isLittleEndian).value();
  const commands = memberOf(memberOf(message, 'arguments'), 'commands');
  if (stringOf(memberOf(message, 'command')) !== 'execute' || commands?.kind !== 'array') return undefined;
  const own = new Map<number, OwnCall | FrameError>();
  for (const [place, command] of commands.items.entries()) {
    const method = stringOf(memberOf(command, 'name'));
    if (method !== undefined && isOwn(method)) own.set(place, typedCall(method, memberOf(command, 'params')));
  }
  if (own.size === 0) return undefined;
  const id = memberOf(message, 'id');
  const left = commands.items.filter((_, place) => !own.has(place));
  const list = arrayBytes(
    left.map(({ start, end }) => data.subarray(start, end)),
    isLittleEndian,
  );
  const rest = Buffer.concat([data.subarray(0, commands.start), list, data.subarray(commands.end)]);
  return {
    id: id ? jsonTextOf(id) : 'null',
    own,
    total: commands.items.length,
    rest: left.length === 0 ? undefined : { data: rest, isBinary: true },
    answer: (outcomes) => ({
      data: responseFrame(
        id ? data.subarray(id.start, id.end) : null,
        { result: [...outcomes.values()].map(({ outcome }) => plain(outcome)) },
        isLittleEndian,
      ),
      isBinary: true,
    }),
  };
}

function typedCall(method: string, parameters: Typed | undefined): OwnCall | FrameError {
  try {
    return { method, parameters: parameters ? jsonTextOf(parameters) : '{}' };
  } catch (error) {
    if (error instanceof FrameError) return error;
    throw error;
  }
}

function readText(text: JsonText): OwnExecute | undefined {
  const message: unknown = JSON.parse(text);
  if (!isExecute(message)) return undefined;
  const args = memberText(text, 'arguments') ?? '{}';
  const commands = elementTexts(memberText(args, 'commands') ?? '[]');
  const own = new Map<number, OwnCall>();
  for (const [place, command] of message.arguments.commands.entries()) {
    const method = (command as { name?: unknown } | null)?.name;
    if (typeof method !== 'string' || !isOwn(method)) continue;
    own.set(place, { method, parameters: memberText(commands[place] ?? '{}', 'params') ?? '{}' });
  }
  if (own.size === 0) return undefined;
  const id = memberText(text, 'id') ?? 'null';
  const left = commands.filter((_, place) => !own.has(place));
  const rest = withMember(text, 'arguments', withMember(args, 'commands', `[${left.join(',')}]`));
  return {
    id,
    own,
    total: commands.length,
    rest: left.length === 0 ? undefined : { data: Buffer.from(rest), isBinary: false },
    answer: (outcomes) =>
      textFrame(
        `{"id":${id},"result":[${[...outcomes.values()].map(({ outcome }) => outcomeText(outcome)).join(',')}]}`,
      ),
  };
}

interface ExecuteMessage {
  arguments: { commands: unknown[] };
}

function isExecute(message: unknown): message is ExecuteMessage {
  const { command, arguments: args } = (message ?? {}) as { command?: unknown; arguments?: { commands?: unknown } };
  return command === 'execute' && Array.isArray(args?.commands);
}

/** The id that an answer of the server behind names, as JSON; undefined when the frame is no answer to a command. */
export function answeredId({ data, isBinary }: Frame): JsonText | undefined {
  try {
    if (!isBinary) {
      const text = data.toString();
      return /^\s*\{/.test(text) ? memberText(text, 'id') : undefined;
    }
    const head = messageOf(data);
    if (head?.message !== MESSAGE.response) return undefined;
    return jsonTextOf(createTypedReader(data, 4, head.isLittleEndian).value());
  } catch {
    return undefined;
  }
}

/** The answer to the rest, with our outcomes at their places. An error of the whole list becomes one of each of the rest. */
export function joinAnswer(answer: Frame, total: number, own: OwnOutcomes): Frame {
  return answer.isBinary ? joinBinary(answer.data, total, own) : joinText(answer.data.toString(), total, own);
}

function joinBinary(data: Buffer, total: number, own: OwnOutcomes): Frame {
  const isLittleEndian = messageOf(data)?.isLittleEndian ?? true;
  const reader = createTypedReader(data, 4, isLittleEndian);
  const id = reader.value();
  const response = reader.value();
  const bytesOf = ({ start, end }: Typed): Buffer => data.subarray(start, end);
  const results = memberOf(response, 'result');
  const error = memberOf(response, 'error');
  const theirs =
    results?.kind === 'array'
      ? results.items.map(bytesOf)
      : Array.from({ length: total - own.size }, () =>
          typedBytes({ error: error ? bytesOf(error) : null }, isLittleEndian),
        );
  const ours = new Map([...own].map(([place, { outcome }]) => [place, typedBytes(plain(outcome), isLittleEndian)]));
  const result = arrayBytes(joined(total, ours, theirs), isLittleEndian);
  return { data: responseFrame(bytesOf(id), { result }, isLittleEndian), isBinary: true };
}

function joinText(text: JsonText, total: number, own: OwnOutcomes): Frame {
  const results = memberText(text, 'result');
  const theirs = results?.startsWith('[')
    ? elementTexts(results)
    : Array.from({ length: total - own.size }, () => `{"error":${memberText(text, 'error') ?? 'null'}}`);
  const ours = new Map([...own].map(([place, { outcome }]) => [place, outcomeText(outcome)]));
  const list = `[${joined(total, ours, theirs).join(',')}]`;
  return textFrame(withMember(withoutMember(text, 'error'), 'result', list));
}

const textFrame = (text: string): Frame => ({ data: Buffer.from(text), isBinary: false });

/** As a value to be written. */
const plain = (outcome: Outcome): unknown =>
  'result' in outcome ? { result: JSON.parse(outcome.result) as unknown } : outcome;

const outcomeText = (outcome: Outcome): JsonText =>
  'result' in outcome ? `{"result":${outcome.result}}` : JSON.stringify(outcome);
