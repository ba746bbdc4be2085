import { sha256 as hash } from 'js-sha256';

/**
 * Hex. The sandbox has no Node, and this must be what Node's own gives. Each workflow loads it anew, jobs without a chain
 * too: a library of many hashes would cost each of them its tables.
 */
export const sha256 = (text: string): string => hash(new TextEncoder().encode(text));
