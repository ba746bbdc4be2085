/** Where in which file; `line` counts from 1, `file` is absolute. */
export interface Place {
  file: string;
  line: number;
}

/** One mistake or warning about a configuration file. Holds no value that may be a secret. */
export interface Notice extends Place {
  message: string;
}

export const noticeText = ({ file, line, message }: Notice): string => `${file}:${line}: ${message}`;

export const placeText = ({ file, line }: Place): string => `${file}:${line}`;

const LONGEST_SHOWN = 200;

/** A value of the file for a message; nothing of what may be an address with credentials in it. */
export const shown = (value: string): string =>
  /@|:\/\//.test(value) || value.length > LONGEST_SHOWN ? '(not shown)' : JSON.stringify(value);

/** Collects what is found on the way, so that a reader may go on after a mistake. */
export interface Notes {
  mistake(place: Place, message: string): void;
  warning(place: Place, message: string): void;
  /** Of a known name that nothing acts on yet: only its first use is told. */
  withoutEffect(place: Place, name: string): void;
  /** In the order of the files as they were read, then of their lines. */
  found(): { mistakes: Notice[]; warnings: Notice[] };
}

/** `files` in the order of reading; `mistakes` and `warnings` that were found before. */
export function createNotes(files: readonly string[], mistakes: readonly Notice[], warnings: readonly Notice[]): Notes {
  const found = { mistakes: [...mistakes], warnings: [...warnings] };
  const ineffective: (Notice & { name: string })[] = [];
  const inOrder = (a: Place, b: Place): number => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line;

  const firstUses = (): Notice[] => {
    const seen = new Set<string>();
    return ineffective
      .sort(inOrder)
      .filter(({ name }) => !seen.has(name) && seen.add(name))
      .map(({ file, line, message }) => ({ file, line, message }));
  };

  return {
    mistake: ({ file, line }, message) => void found.mistakes.push({ file, line, message }),
    warning: ({ file, line }, message) => void found.warnings.push({ file, line, message }),
    withoutEffect: ({ file, line }, name) =>
      void ineffective.push({ file, line, name, message: `${name} has no effect in this version` }),
    found: () => ({
      mistakes: found.mistakes.sort(inOrder),
      warnings: [...found.warnings, ...firstUses()].sort(inOrder),
    }),
  };
}
