import { sha256 as hash } from '@noble/hashes/sha2';
import { bytesToHex } from '@noble/hashes/utils';

/** Hex. The sandbox has no Node, and this must be what Node's own gives. */
export const sha256 = (text: string): string => bytesToHex(hash(text));
