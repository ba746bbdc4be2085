const BLOCK_BYTES = 64 * 1024;

/** So many bytes that look random and are the same for the same seed, in blocks: any size fits into memory. */
export function* pseudoRandom(size: number, seed: number): Generator<Buffer> {
  for (let block = 0; block * BLOCK_BYTES < size; block += 1) {
    const bytes = blockOf(seed, block);
    const left = size - block * BLOCK_BYTES;
    yield left < BLOCK_BYTES ? bytes.subarray(0, left) : bytes;
  }
}

function blockOf(seed: number, block: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  const words = new Uint32Array(bytes.buffer);
  // Spread over all bits; xorshift stays at 0 for ever.
  let state = Math.imul((seed + 1) ^ Math.imul(block + 1, 0x9e3779b1), 0x85ebca6b) || 1;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return bytes;
}
