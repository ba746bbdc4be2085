import type { JsonText } from '../contract/job-input.ts';
import { elementTexts, memberText } from '../contract/json-text.ts';

/** One call of a request, with its parts as the text they came in. */
export interface Call {
  method: string;
  parameters: JsonText;
  id: JsonText;
  /** JSON-RPC 2.0 names its version in the answer too. */
  isVersion2: boolean;
}

export interface Request {
  /** Answered with an array. */
  isArray: boolean;
  calls: Call[];
}

/** JSON-RPC's own codes. */
export const CODES = { parse: -32_700, request: -32_600, method: -32_601, parameters: -32_602, internal: -32_603 };

/** What a command answers when it fails. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export function readRequest(text: string): Request {
  const parsed = parse(text);
  if (Array.isArray(parsed)) return { isArray: true, calls: elementTexts(text).map(readCall) };
  return { isArray: false, calls: [readCall(text)] };
}

/** What a call came to: the member of an answer that says so. */
export type Outcome = { result: JsonText } | { error: { code: number; message: string } };

export const failed = (error: unknown): { error: { code: number; message: string } } => {
  const { code, message } =
    error instanceof CommandError ? error : { code: CODES.internal, message: (error as Error).message };
  return { error: { code, message } };
};

export const answerText = ({ id, isVersion2 }: Pick<Call, 'id' | 'isVersion2'>, outcome: Outcome): JsonText => {
  const member = 'result' in outcome ? `"result":${outcome.result}` : `"error":${JSON.stringify(outcome.error)}`;
  return `{${isVersion2 ? '"jsonrpc":"2.0",' : ''}"id":${id},${member}}`;
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandError(CODES.parse, 'The request is not JSON');
  }
}

function readCall(text: JsonText): Call {
  const method = /^\s*\{/.test(text) ? memberText(text, 'method') : undefined;
  if (!method?.startsWith('"')) throw new CommandError(CODES.request, 'A request is an object with a method');
  return {
    method: JSON.parse(method) as string,
    parameters: memberText(text, 'params') ?? '{}',
    id: memberText(text, 'id') ?? 'null',
    isVersion2: memberText(text, 'jsonrpc') !== undefined,
  };
}
