import type { JsonText, StagedResult } from '../lib/contract/job-input.ts';
import { inParallel } from '../lib/in-parallel.ts';
import { workflowPrefix } from '../lib/results/key.ts';
import { NoSuchResult, type ResultStore } from '../lib/results/store.ts';

/** Whose results may be opened: those of the workflow that asks. */
export interface ReferenceOwner {
  queue: string;
  workflowId: string;
}

/**
 * Parameters of a chain's step as RealityServer gets them: each reference to a result of this very workflow becomes an
 * address that the server can open. Whatever else looks like one is data, so that no message can name a file or an
 * object for a host to open.
 */
export async function openReferences(
  text: JsonText,
  owner: ReferenceOwner,
  { store, forMs }: { store: ResultStore; forMs: number },
  signal: AbortSignal,
): Promise<JsonText> {
  const references = new Map<string, StagedResult>();
  const parameters = JSON.parse(text, (_, value: unknown) => {
    if (isOwnReference(value, owner, store)) references.set(nameOf(value), value);
    return value;
  }) as unknown;
  if (references.size === 0) return text;

  const addresses = new Map<string, string>();
  await inParallel([...references.values()], AT_ONCE, async (reference) => {
    const published = await store.find(store.keyOf(reference), signal);
    if (published && nameOf(published) === nameOf(reference)) {
      addresses.set(nameOf(reference), await store.addressOf(reference, forMs));
    }
  });
  return JSON.stringify(replaced(parameters, addresses));
}

/** Requests to the store: a contact sheet may name hundreds of frames. */
const AT_ONCE = 16;

const FIELDS = ['mimeType', 'sha256', 'size', 'uri'];
/** Of a command's result: not a message's body, nor a chain's journal. */
const KEY_OF_STEP = /^\d+-[0-9a-f]{64}-\d+$/;

function isReference(value: unknown): value is StagedResult {
  if (typeof value !== 'object' || value === null) return false;
  const { uri, sha256, size, mimeType } = value as Partial<StagedResult>;
  const hasTypes = typeof uri === 'string' && typeof sha256 === 'string' && typeof mimeType === 'string';
  return hasTypes && Number.isSafeInteger(size) && Object.keys(value).sort().join() === FIELDS.join();
}

function isOwnReference(
  value: unknown,
  { queue, workflowId }: ReferenceOwner,
  store: ResultStore,
): value is StagedResult {
  if (!isReference(value)) return false;
  const prefix = `${workflowPrefix(queue, workflowId)}/`;
  const key = keyOrNone(store, value);
  return key?.startsWith(prefix) === true && KEY_OF_STEP.test(key.slice(prefix.length));
}

function keyOrNone(store: ResultStore, reference: StagedResult): string | undefined {
  try {
    return store.keyOf(reference);
  } catch (error) {
    if (error instanceof NoSuchResult) return undefined;
    throw error;
  }
}

/** All of it: one field that differs, and it is another reference. */
const nameOf = ({ uri, sha256, size, mimeType }: StagedResult): string => JSON.stringify([uri, sha256, size, mimeType]);

function replaced(value: unknown, addresses: ReadonlyMap<string, string>): unknown {
  if (isReference(value)) return addresses.get(nameOf(value)) ?? value;
  if (Array.isArray(value)) return value.map((member) => replaced(member, addresses));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, replaced(member, addresses)]));
}
