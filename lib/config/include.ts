import { dirname, resolve } from 'node:path';

import { parseText, type Directive, type Node } from './grammar.ts';
import { shown, type Notice, type Place } from './notice.ts';

/** What a path holds. A folder's files are absolute and in alphabetical order; its folders are not looked into. */
export type Entry =
  | { kind: 'file'; text: string }
  | { kind: 'folder'; files: readonly string[] }
  | { kind: 'unreadable'; reason: string };

export type FileReader = (path: string) => Entry;

/** A configuration file with everything it includes in its place. */
export interface Document {
  /** Absolute. */
  file: string;
  /** All files, in the order of reading. */
  files: string[];
  nodes: Node[];
  mistakes: Notice[];
  warnings: Notice[];
}

/** Far beyond any real one; files that include others twice each would grow without bound. */
const MAX_FILES = 1_000;

/** Reads `file` and what it includes: a file, or every file of a folder, relative to the including file [doc]. */
export function readDocument(file: string, read: FileReader): Document {
  const main = resolve(file);
  const document: Document = { file: main, files: [], nodes: [], mistakes: [], warnings: [] };
  const place = { file: main, line: 1 };
  const entry = read(main);
  if (entry.kind === 'file') {
    addFile(main, entry.text, [main], { document, read });
  } else {
    document.files.push(main);
    document.mistakes.push({
      ...place,
      message: `cannot be read: ${entry.kind === 'folder' ? 'is a folder' : entry.reason}`,
    });
  }
  return document;
}

interface Reading {
  document: Document;
  read: FileReader;
}

/** `chain`: this file and those that led to it, the main one first. */
function addFile(file: string, text: string, chain: readonly string[], reading: Reading): void {
  const { document } = reading;
  const parsed = parseText(file, text);
  document.files.push(file);
  document.mistakes.push(...parsed.mistakes);
  document.warnings.push(...parsed.warnings);
  for (const node of parsed.nodes) {
    // Inside a container the word is a directive of that container's [doc].
    if (node.kind === 'directive' && node.key === 'include') include(node, chain, reading);
    else document.nodes.push(node);
  }
}

function include(directive: Directive, chain: readonly string[], reading: Reading): void {
  const { mistakes } = reading.document;
  if (directive.value.trim() === '') {
    mistakes.push(noticeAt(directive, 'include needs a path'));
    return;
  }
  const path = resolve(dirname(directive.file), directive.value);
  const entry = readOnce(path, chain, reading.read);
  switch (entry.kind) {
    case 'file':
      return addIncluded(path, entry.text, directive, chain, reading);
    case 'folder':
      for (const file of entry.files) {
        const inFolder = readOnce(file, chain, reading.read);
        if (inFolder.kind === 'file') addIncluded(file, inFolder.text, directive, chain, reading);
        else if (inFolder.kind === 'unreadable')
          mistakes.push(noticeAt(directive, cannotInclude(file, inFolder.reason)));
      }
      return;
    case 'unreadable':
      mistakes.push(noticeAt(directive, cannotInclude(path, entry.reason)));
      return;
    default:
      entry satisfies never;
  }
}

function addIncluded(
  path: string,
  text: string,
  directive: Directive,
  chain: readonly string[],
  reading: Reading,
): void {
  const { files, mistakes } = reading.document;
  if (files.length < MAX_FILES) addFile(path, text, [...chain, path], reading);
  else if (files.length === MAX_FILES) {
    mistakes.push(noticeAt(directive, `include: more than ${MAX_FILES} files`));
    files.push(path);
  }
}

/** A file on the way to this line would be read for ever. */
function readOnce(path: string, chain: readonly string[], read: FileReader): Entry {
  const start = chain.indexOf(path);
  if (start === -1) return read(path);
  return { kind: 'unreadable', reason: `it includes itself: ${[...chain.slice(start), path].join(' -> ')}` };
}

const cannotInclude = (path: string, reason: string): string => `include: cannot read ${shown(path)}: ${reason}`;

const noticeAt = ({ file, line }: Place, message: string): Notice => ({ file, line, message });
