import { RealityServerError } from '../lib/realityserver/client.ts';
import type { ArrivedResult } from '../lib/results/arrival.ts';
import { cutPicture } from '../lib/results/picture-end.ts';

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
  result: ArrivedResult,
  { expectType, minBytes = 0 }: ExpectedResult = {},
): Promise<void> {
  const unexpected = (what: string): Error => new RealityServerError('UnexpectedResult', `${command} ${what}`);
  const type = baseType(result.mimeType);
  if (expectType !== undefined && !matches(type, expectType))
    throw unexpected(`gave ${type}, its expect_type is ${expectType}`);
  const head = await result.read(0, HEAD_BYTES);
  const mayBeHtml = expectType !== undefined && matches('text/html', expectType);
  if (!mayBeHtml && (isHtmlType(type) || HTML.test(head.toString('latin1'))))
    throw unexpected('gave a page of HTML, as a proxy does that cannot reach its server');
  const { size } = result;
  if (size < minBytes) throw unexpected(`gave ${size} bytes, its min_bytes is ${minBytes}`);
  const cut = await cutPicture(result, head);
  if (cut !== undefined) throw unexpected(`gave ${size} bytes of ${cut} that ends too early`);
}

const baseType = (mimeType: string): string => (mimeType.split(';')[0] ?? '').trim().toLowerCase();

function matches(type: string, pattern: string): boolean {
  if (pattern === '*/*') return true;
  return pattern.endsWith('/*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

const isHtmlType = (type: string): boolean => ['text/html', 'application/xhtml+xml'].includes(type);

const HEAD_BYTES = 256;
const HTML = /^(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)[\s>]/i;
