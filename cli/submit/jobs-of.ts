import { isJsonObject } from '../../lib/contract/message-body.ts';
import { jsonOf } from '../../lib/json-file.ts';
import { UsageError } from '../context.ts';
import { readInput } from '../read-input.ts';

/** A job as it stands in a file, to the byte. */
export interface GivenJob {
  body: Buffer;
  /** `line 3 of jobs.jsonl`, or the file alone. */
  place: string;
}

export const STANDARD_INPUT = '-';

/** The jobs of a file or of standard input: one JSON document, or a line each. */
export async function jobsOf(file: string): Promise<GivenJob[]> {
  if (file === STANDARD_INPUT && process.stdin.isTTY) {
    throw new UsageError('no job given: name a FILE, or pipe a job or JSON lines into standard input');
  }
  const name = file === STANDARD_INPUT ? 'standard input' : file;
  const bytes = await readInput(file);
  const lines = linesOf(bytes);
  if (lines.length === 0) throw new UsageError(`${name} is empty: a job is a JSON object, many are a line each`);
  return isJsonLines(bytes, lines)
    ? lines.map(({ body, number }) => ({ body, place: `line ${number} of ${name}` }))
    : [{ body: bytes, place: name }];
}

const NEW_LINE = 0x0a;

/** Those that hold something, numbered from 1. */
function linesOf(bytes: Buffer): { body: Buffer; number: number }[] {
  const lines: { body: Buffer; number: number }[] = [];
  let start = 0;
  for (let number = 1; start < bytes.length; number += 1) {
    const newLine = bytes.indexOf(NEW_LINE, start);
    const end = newLine === -1 ? bytes.length : newLine;
    const body = bytes.subarray(start, end);
    if (body.toString().trim() !== '') lines.push({ body, number });
    start = end + 1;
  }
  return lines;
}

/** One line may be broken, and is told; a document over several lines has hardly one that is whole. */
const isJsonLines = (whole: Buffer, lines: readonly { body: Buffer }[]): boolean =>
  lines.length > 1 &&
  !isJson(whole) &&
  lines.filter(({ body }) => isJsonObject(valueOf(body))).length * 2 >= lines.length;

const isJson = (bytes: Buffer): boolean => valueOf(bytes) !== undefined;

const valueOf = (bytes: Buffer): unknown => jsonOf(bytes.toString());
