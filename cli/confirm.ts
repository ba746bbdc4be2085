import { createInterface } from 'node:readline';

import { UsageError } from './context.ts';

/** Where a person can be asked: both ends are a terminal. Standard output stays free for the answer. */
export interface Asking {
  isTerminal: boolean;
  /** Settles with what was typed. */
  ask(question: string): Promise<string>;
}

export const terminalAsking = (): Asking => ({
  isTerminal: process.stdin.isTTY && process.stderr.isTTY,
  ask: (question) =>
    new Promise((resolve) => {
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      // Ctrl-C and Ctrl-D are no answer, and so a no.
      lines.once('SIGINT', () => lines.close()).once('close', () => resolve(''));
      lines.question(question, (answer) => {
        resolve(answer);
        lines.close();
      });
    }),
});

/** Whether to go on with more than one job: asked on a terminal; elsewhere `--yes` must have said so. */
export async function confirmed(what: string, { isTerminal, ask }: Asking): Promise<boolean> {
  if (!isTerminal) throw new UsageError(`this would ${what}: say --yes, or look first with --dry-run`);
  const answer = await ask(`${what[0]?.toUpperCase()}${what.slice(1)}? [y/N] `);
  return /^y(es)?$/i.test(answer.trim());
}
