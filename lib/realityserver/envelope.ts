import type { JsonText } from '../contract/job-input.ts';
import { memberText } from '../contract/json-text.ts';

/** What stands in a JSON-RPC answer. */
type Envelope = { outcome: 'result'; result: JsonText } | { outcome: 'error'; message: string };

/** `bytes`: no JSON-RPC answer; `brokenJson`: begins as JSON and is none. */
export type JsonAnswer = Envelope | { outcome: 'bytes' } | { outcome: 'brokenJson' };

/** A server's message may be a whole page. */
const MAX_MESSAGE_CHARACTERS = 2_000;

const SPACE = String.raw`[ \t\r\n]*`;
const MEMBER = (names: string): string => `"(?:${names})"${SPACE}:`;
const ID = `${MEMBER('id')}${SPACE}(?:null|-?[\\d.]+|"[^"]*")${SPACE},${SPACE}`;
const ENVELOPE = new RegExp(`^${SPACE}(?:\\[${SPACE})?\\{${SPACE}(?:${ID})?${MEMBER('jsonrpc|result|error')}`);
const JSON_CONTAINER = new RegExp(`^${SPACE}(?:\\[${SPACE}(?:\\{|$)|\\{${SPACE}(?:["}]|$)|$)`);

/** Looks like a JSON-RPC answer, by its first member. */
export const beginsAsEnvelope = (head: Buffer): boolean => ENVELOPE.test(head.toString('latin1'));

/** May be a JSON-RPC answer: begins `{` or `[{` as JSON does. Bytes of a picture that begin so go on otherwise. */
export const mayBeEnvelope = (head: Buffer): boolean => JSON_CONTAINER.test(head.toString('latin1'));

/** An object, or an array of it, with `result` or `error` and with `id` or `jsonrpc`. `error.code` 0 is success ([client]). */
export function readAnswer(bytes: Buffer): JsonAnswer {
  let text: JsonText;
  let parsed: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    parsed = JSON.parse(text);
  } catch {
    return { outcome: 'brokenJson' };
  }
  const answer: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  if (!isEnvelope(answer)) return { outcome: 'bytes' };
  if (isFailure(answer['error'])) return { outcome: 'error', message: messageOf(answer['error']) };
  const object = Array.isArray(parsed) ? text.slice(text.indexOf('[') + 1) : text;
  return { outcome: 'result', result: memberText(object, 'result') ?? 'null' };
}

type JsonObject = Record<string, unknown>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isEnvelope(value: unknown): value is JsonObject {
  if (!isObject(value)) return false;
  const has = (name: string): boolean => Object.hasOwn(value, name);
  if (!has('result') && !has('error')) return false;
  return has('jsonrpc') || has('id') || isErrorObject(value['error']);
}

const isErrorObject = (error: unknown): boolean =>
  isObject(error) && typeof error['code'] === 'number' && typeof error['message'] === 'string';

const isFailure = (error: unknown): boolean =>
  error !== undefined && error !== null && !(isObject(error) && error['code'] === 0);

function messageOf(error: unknown): string {
  const { message, code } = isObject(error) ? error : {};
  const said = typeof message === 'string' && message !== '' ? message : JSON.stringify(error);
  return `${said.slice(0, MAX_MESSAGE_CHARACTERS)}${typeof code === 'number' ? ` (code ${code})` : ''}`;
}
