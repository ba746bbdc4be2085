import { rulesOf, WITHOUT_EFFECT, type Nested, type Repeatable, type SectionName, type Single } from './directives.ts';
import { tagText, type Container, type Directive, type Node } from './grammar.ts';
import { placeText, type Notes, type Place } from './notice.ts';
import { noteUnknown } from './unknown.ts';
import { createValueReader } from './value-reader.ts';
import type { ValueKind } from './values.ts';

/** What every section is read with. */
export interface Reading {
  notes: Notes;
  env: NodeJS.ProcessEnv;
}

export interface Stated<T> {
  value: T;
  place: Place;
}

/** The directives of one section. What is wrong is noted and read as if it were not there; read each one once. */
export interface Section<Name extends SectionName> {
  /** Where it begins; the first place when containers were merged. */
  readonly place: Place;
  one<T>(name: Single<Name>, kind: ValueKind<T>): T | undefined;
  /** Notes it as a mistake when it is missing. */
  required<T>(name: Single<Name>, kind: ValueKind<T>): T | undefined;
  all<T>(name: Repeatable<Name>, kind: ValueKind<T>): Stated<T>[];
  nested(name: Nested<Name>): Container[];
  /** Undefined when it does not stand in the file. */
  placeOf(name: Single<Name> | Repeatable<Name>): Place | undefined;
}

/** `containers`: all of that name, merged. Notes unknown names, repeated ones and those without effect. */
export function createSection<Name extends SectionName>(
  name: Name,
  containers: readonly Container[],
  { notes, env }: Reading,
  absent: Place,
): Section<Name> {
  const children = containers.flatMap((container) => container.children);
  const directives = knownDirectives(name, children, notes);
  const place = containers[0] ?? absent;
  const valueOf = createValueReader(rulesOf(name).environment ? env : undefined, notes);

  const one = <T>(key: Single<Name>, kind: ValueKind<T>): T | undefined => {
    const directive = directives.get(key)?.[0];
    return directive && valueOf(directive, kind);
  };

  return {
    place,
    one,
    required(key, kind) {
      if (!directives.has(key)) notes.mistake(place, `${rulesOf(name).title} needs ${key}`);
      return one(key, kind);
    },
    all: (key, kind) =>
      (directives.get(key) ?? []).flatMap((directive) => {
        const value = valueOf(directive, kind);
        return value === undefined ? [] : [{ value, place: directive }];
      }),
    nested: (key) => userContainers(children, key),
    placeOf: (key) => directives.get(key)?.[0],
  };
}

export const userContainers = (nodes: readonly Node[], name: string): Container[] =>
  nodes.filter((node) => node.kind === 'container').filter((node) => node.tag === 'user' && node.name === name);

/** By key, in the file's order. Everything else among the children is noted. */
function knownDirectives(name: SectionName, children: readonly Node[], notes: Notes): Map<string, Directive[]> {
  const { single, repeatable, nested } = rulesOf(name);
  const known = new Map<string, Directive[]>();
  for (const child of children) {
    if (child.kind === 'container' && child.tag === 'user' && nested.includes(child.name)) {
      noteWithoutEffect(name, tagText(child), '', child, notes);
    } else if (child.kind !== 'directive' || ![...single, ...repeatable].includes(child.key)) {
      noteUnknown(name, child, notes);
    } else {
      const earlier = known.get(child.key);
      if (!earlier) known.set(child.key, [child]);
      else if (repeatable.includes(child.key)) earlier.push(child);
      else notes.mistake(child, `${child.key} stands twice, first at ${placeText(earlier[0] ?? child)}`);
      noteWithoutEffect(name, child.key, child.value, child, notes);
    }
  }
  return known;
}

function noteWithoutEffect(section: SectionName, name: string, value: string, place: Place, notes: Notes): void {
  const ineffective = new Map(Object.entries(WITHOUT_EFFECT[section] ?? {}));
  if (ineffective.has(name) && ineffective.get(name) !== value.trim()) notes.withoutEffect(place, name);
}
