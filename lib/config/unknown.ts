import { rulesOf, SECTIONS, type SectionName } from './directives.ts';
import { tagText, type Node } from './grammar.ts';
import { didYouMean, nearest, nearMiss } from './nearest.ts';
import type { Notes } from './notice.ts';

/** Our own sections hold nothing we do not know; in the vendor's only what is almost a name of ours is a mistake. */
export function noteUnknown(section: SectionName, node: Node, notes: Notes): void {
  const { title, single, repeatable, nested, unknown } = rulesOf(section);
  const directives = [...single, ...repeatable];
  if (node.kind === 'malformed') {
    notes.mistake(node, `neither a directive nor a tag${didYouMean(nearest(node.word, directives))}`);
    return;
  }
  const isContainer = node.kind === 'container';
  const name = isContainer ? node.name : node.key;
  const candidates = isContainer ? nested : directives;
  const what = isContainer ? `unknown container ${tagText(node)}` : `unknown directive ${node.key}`;
  const near = nearMiss(name, candidates);
  const meant = near ?? nearest(name, candidates);
  const suggestion = elsewhere(section, node, near) ?? didYouMean(meant && isContainer ? `<user ${meant}>` : meant);
  if (near !== undefined || unknown === 'mistake') {
    notes.mistake(node, `${what} in ${title}${suggestion}`);
  } else {
    notes.warning(node, `${what} in ${title} is skipped${suggestion}`);
  }
}

/** Of a known name in the wrong container. */
function elsewhere(section: SectionName, node: Node, near: string | undefined): string | undefined {
  if (near !== undefined || node.kind !== 'directive') return undefined;
  const owners = (Object.keys(SECTIONS) as SectionName[]).filter((other) => {
    const { single, repeatable } = rulesOf(other);
    return other !== section && [...single, ...repeatable].includes(node.key);
  });
  return owners.length === 0
    ? undefined
    : `; it belongs into ${owners.map((owner) => rulesOf(owner).title).join(' or ')}`;
}
