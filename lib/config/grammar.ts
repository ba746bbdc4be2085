import { logicalLines, type LogicalLine } from './lines.ts';
import { placeText, type Notice, type Place } from './notice.ts';

/** `key` and a container's `name` are in lower case: both are case-insensitive. */
export type Directive = Place & { kind: 'directive'; key: string; value: string };
export type Container = Place & { kind: 'container'; tag: string; name: string; children: Node[] };
/** Neither directive nor tag. Only a mistake where it concerns us; it may stand in a container of RealityServer's. */
type Malformed = Place & { kind: 'malformed'; word: string };
export type Node = Directive | Container | Malformed;

export interface ParsedText {
  nodes: Node[];
  mistakes: Notice[];
  warnings: Notice[];
}

const DIRECTIVE = /^([A-Za-z0-9_]+)(?:\s+(.*))?$/s;
const OPENING = /^<([A-Za-z0-9_]+)(\s[^<>]*)?>\s*$/;
const CLOSING = /^<\/([A-Za-z0-9_]+)\s*>\s*$/;

/**
 * One file's text as a tree: a directive a line, `<user NAME> … </user>` nested, each tag on its own line, `#` a comment
 * only at a line's beginning [doc]. Tags that do not match are mistakes; the rest of the file is read all the same.
 */
export function parseText(file: string, text: string): ParsedText {
  const parsed: ParsedText = { nodes: [], mistakes: [], warnings: [] };
  const open: Container[] = [];

  for (const logical of logicalLines(text)) {
    const place = { file, line: logical.line };
    warnAboutJoining(logical, place, parsed.warnings);
    if (logical.text.startsWith('#')) continue;
    const closing = CLOSING.exec(logical.text)?.[1]?.toLowerCase();
    if (closing !== undefined) {
      close(closing, place, open, parsed.mistakes);
      continue;
    }
    const node = nodeOf(logical.text, place);
    (open.at(-1)?.children ?? parsed.nodes).push(node);
    if (node.kind === 'container') open.push(node);
  }

  for (const container of open) parsed.mistakes.push(notice(container, `${tagText(container)} is never closed`));
  return parsed;
}

/** As the file would write it. */
export const tagText = ({ tag, name }: Container): string => (name === '' ? `<${tag}>` : `<${tag} ${name}>`);

function nodeOf(text: string, place: Place): Node {
  const [, tag, name = ''] = OPENING.exec(text) ?? [];
  if (tag !== undefined) {
    return { kind: 'container', ...place, tag: tag.toLowerCase(), name: name.trim().toLowerCase(), children: [] };
  }
  const [, key, value = ''] = DIRECTIVE.exec(text) ?? [];
  if (key !== undefined) return { kind: 'directive', ...place, key: key.toLowerCase(), value };
  return { kind: 'malformed', ...place, word: /^[\w.-]{1,60}/.exec(text)?.[0] ?? '' };
}

/** A wrong closing tag closes what is open, or every later line would be read at the wrong depth. */
function close(tag: string, place: Place, open: Container[], mistakes: Notice[]): void {
  const container = open.pop();
  if (!container) {
    mistakes.push(notice(place, `</${tag}> closes nothing`));
  } else if (container.tag !== tag) {
    mistakes.push(
      notice(
        place,
        `</${tag}> stands where </${container.tag}> should close ${tagText(container)} of ${placeText(container)}`,
      ),
    );
  }
}

function warnAboutJoining({ text, continuations, unfinished }: LogicalLine, place: Place, warnings: Notice[]): void {
  if (unfinished) {
    warnings.push(notice(place, 'ends with a \\, but there is no line to join'));
  } else if (continuations > 0 && text.startsWith('#')) {
    warnings.push(notice(place, 'this comment ends with a \\: the line after it belongs to it'));
  }
}

const notice = ({ file, line }: Place, message: string): Notice => ({ file, line, message });
