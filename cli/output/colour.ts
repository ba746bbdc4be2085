import { styleText } from 'node:util';

import type { JobState } from '../../lib/contract/states.ts';

import type { Output } from './output.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan' | 'magenta';

/** `Output` has looked at the terminal and at NO_COLOR already. */
export const paint = ({ colour }: Pick<Output, 'colour'>, style: Style, text: string): string =>
  colour ? styleText(style, text, { validateStream: false }) : text;

/** One colour for a state, wherever it stands. */
export const STATE_STYLES: Record<JobState, Style> = {
  waiting: 'yellow',
  running: 'cyan',
  approval: 'magenta',
  delivering: 'blue',
  completed: 'green',
  failed: 'red',
  cancelled: 'dim',
  rejected: 'red',
};
