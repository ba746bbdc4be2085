import { z } from 'zod';

/** Whether templates in the strings are still to be filled. */
export type Stage = 'unfilled' | 'filled';

const TEMPLATE = /\$\{[^}]*\}/;

/** Only its filled form can be judged. After filling nothing is a template: a message id may look like one. */
export const isOpen = (value: string, stage: Stage): boolean => stage === 'unfilled' && TEMPLATE.test(value);

/** What stands before the first template; all of a filled value. */
export const knownStart = (value: string, stage: Stage): string =>
  stage === 'unfilled' ? (value.split(TEMPLATE, 1)[0] ?? '') : value;

/** `expects` completes "must be …". */
export const text = (stage: Stage, expects: string, accepts: (value: string) => boolean) =>
  z
    .string({ error: ({ input }) => (input === undefined ? 'is required' : `must be ${expects}`) })
    .refine((value) => isOpen(value, stage) || accepts(value), { error: `must be ${expects}` });

/** A map of texts. `refuses` says what is wrong with a name, `must not be set`. */
export const textMap = (
  stage: Stage,
  refuses: (name: string) => string | undefined,
  expects: string,
  accepts: (value: string) => boolean,
) =>
  z
    .record(z.string(), text(stage, expects, accepts), { error: 'must be an object of texts' })
    .superRefine((map, context) => {
      for (const name of Object.keys(map)) {
        const message = refuses(name);
        if (message !== undefined) context.addIssue({ code: 'custom', path: [name.slice(0, 60)], message });
      }
    });

/** A token of HTTP: what may name a header. */
export const isToken = (value: string): boolean => /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}$/.test(value);

/** What Node sends as a header's value: no line ends, no control characters, nothing beyond Latin-1. */
export const isHeaderValue = (value: string): boolean => /^[\t\x20-\x7e\u0080-\u00ff]*$/.test(value);

/** S3 signs header values: other characters would arrive otherwise than signed. */
export const isAscii = (value: string): boolean => /^[\x20-\x7e]+$/.test(value);
