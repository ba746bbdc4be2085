/** The known name that was most likely meant, for "did you mean …?"; undefined when none is near. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  return closest(name, known, Math.max(1, Math.floor(name.length / 3)));
}

/** So near that it can hardly be another name: two slips, one in a short name, none in `sns` beside `sqs`. */
export function nearMiss(name: string, known: Iterable<string>): string | undefined {
  if (name.length <= 3) return undefined;
  return closest(name, known, name.length <= 5 ? 1 : 2);
}

/** Completes a message about an unknown name. */
export const didYouMean = (suggestion: string | undefined): string =>
  suggestion === undefined ? '' : `; did you mean ${suggestion}?`;

function closest(name: string, known: Iterable<string>, atMost: number): string | undefined {
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    // The distance is never less than the difference of the lengths.
    if (Math.abs(candidate.length - name.length) > atMost) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance <= atMost && (!best || distance < best.distance)) best = { name: candidate, distance };
  }
  return best?.name;
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from one to the other. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        swapped ? at(beforeLast, column - 2) + 1 : Infinity,
      );
    }
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

const at = (row: readonly number[], column: number): number => row[column] ?? Infinity;
