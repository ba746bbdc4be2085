import { open } from 'node:fs/promises';

import { RealityServerError } from '../lib/realityserver/client.ts';
import { cutPicture } from '../lib/results/picture-end.ts';
import type { StagedFile } from '../lib/results/store.ts';

/** What `<user command>` says of a command's result. */
export interface ExpectedResult {
  /** MIME type or pattern, lower-case: `image/*`. */
  expectType?: string;
  minBytes?: number;
}

/**
 * Fails as `UnexpectedResult` when a result cannot be what the command was to give: nothing of it is published. HTML is a
 * proxy's page unless `expect_type` names it.
 */
export async function expectResult(
  command: string,
  file: StagedFile,
  { expectType, minBytes = 0 }: ExpectedResult = {},
): Promise<void> {
  const unexpected = (what: string): Error => new RealityServerError('UnexpectedResult', `${command} ${what}`);
  const type = baseType(file.mimeType);
  if (expectType !== undefined && !matches(type, expectType))
    throw unexpected(`gave ${type}, its expect_type is ${expectType}`);
  const { head, cut } = await lookInto(file);
  const mayBeHtml = expectType !== undefined && matches('text/html', expectType);
  if (!mayBeHtml && (isHtmlType(type) || HTML.test(head.toString('latin1'))))
    throw unexpected('gave a page of HTML, as a proxy does that cannot reach its server');
  if (file.size < minBytes) throw unexpected(`gave ${file.size} bytes, its min_bytes is ${minBytes}`);
  if (cut !== undefined) throw unexpected(`gave ${file.size} bytes of ${cut} that ends too early`);
}

const baseType = (mimeType: string): string => (mimeType.split(';')[0] ?? '').trim().toLowerCase();

function matches(type: string, pattern: string): boolean {
  if (pattern === '*/*') return true;
  return pattern.endsWith('/*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

const isHtmlType = (type: string): boolean => ['text/html', 'application/xhtml+xml'].includes(type);

const HEAD_BYTES = 256;
const HTML = /^(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)[\s>]/i;

/** Opened once: the GPU waits for this. */
async function lookInto({ path, size }: StagedFile): Promise<{ head: Buffer; cut: string | undefined }> {
  const file = await open(path, 'r');
  try {
    const length = Math.min(HEAD_BYTES, size);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    const head = buffer.subarray(0, bytesRead);
    return { head, cut: await cutPicture(file, head, size) };
  } finally {
    await file.close();
  }
}
