import { dirname } from 'node:path';

import type { Directive } from './grammar.ts';
import { shown, type Notes } from './notice.ts';
import type { ValueKind } from './values.ts';

const VARIABLE = /\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** Reads one directive's value, or notes what is wrong with it. `env`: undefined where `${env:NAME}` is plain text. */
export function createValueReader(env: NodeJS.ProcessEnv | undefined, notes: Notes) {
  return <T>(directive: Directive, kind: ValueKind<T>): T | undefined => {
    const { key, value: raw } = directive;
    const filled = env ? withEnvironment(directive, env, notes) : raw;
    if (filled === undefined) return undefined;
    if (filled.trim() === '') {
      notes.mistake(directive, raw === '' ? `${key} needs a value` : `${key} is empty`);
      return undefined;
    }
    if (/[\0\uFFFD]/.test(filled)) {
      notes.mistake(directive, `${key} holds what is no UTF-8 text`);
      return undefined;
    }
    const value = kind.read(filled, dirname(directive.file));
    if (value !== undefined) {
      warnAboutValue(directive, filled, notes);
      return value;
    }
    // What the file says, never what a variable held.
    const stands = kind.secret ? '' : `, not ${shown(raw)}`;
    notes.mistake(directive, `${key} must be ${kind.expects}${stands}${hint(raw)}`);
    return undefined;
  };
}

/** Undefined when a variable is not set. */
function withEnvironment(directive: Directive, env: NodeJS.ProcessEnv, notes: Notes): string | undefined {
  const { key, value } = directive;
  const missing = [...value.matchAll(VARIABLE)].map(([, name = '']) => name).filter((name) => env[name] === undefined);
  for (const name of new Set(missing)) notes.mistake(directive, `${key}: the environment variable ${name} is not set`);
  if (missing.length > 0) return undefined;
  if (value.replaceAll(VARIABLE, '').includes('${env:')) {
    notes.mistake(directive, `${key}: \${env:…} must be closed and name one variable`);
    return undefined;
  }
  return value.replaceAll(VARIABLE, (_, name: string) => env[name] ?? '');
}

const hint = (raw: string): string => (raw.includes(' #') ? '; a comment needs a line of its own' : '');

/** Both are part of the value by the grammar, and hardly ever meant. */
function warnAboutValue(directive: Directive, value: string, notes: Notes): void {
  if (directive.value.includes(' #')) {
    notes.warning(directive, `${directive.key}: " #" is part of the value, since a comment needs a line of its own`);
  }
  if (/\s$/.test(value)) notes.warning(directive, `${directive.key}: the value ends in white space`);
}
