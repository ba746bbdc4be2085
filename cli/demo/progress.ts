import type { JobRow } from '../../lib/jobs/job-view.ts';
import type { JobState } from '../../lib/contract/states.ts';
import { paint, STATE_STYLES } from '../output/colour.ts';
import type { Output } from '../output/output.ts';

import type { DeadLetter } from './dead-letters.ts';
import type { Sent } from './producer.ts';

/** Shows where each message is: a table that redraws on a terminal, a line for each change elsewhere. */
export interface Progress {
  show(rows: readonly JobRow[], letters: readonly DeadLetter[]): void;
}

const UP_ONE_LINE = '\u001B[1A\u001B[2K';

export function createProgress(sent: readonly Sent[], output: Output, isTerminal: boolean): Progress {
  const shown = new Map<string, string>();
  let drawn = 0;

  const line = (message: Sent, row: JobRow | undefined, isRejected: boolean): string => {
    const state: JobState = isRejected ? 'rejected' : (row?.state ?? 'waiting');
    const cell = paint(output, STATE_STYLES[state], state.padEnd(11));
    return `${cell} ${message.way.padEnd(7)} ${message.title.padEnd(24)} ${row?.host ?? ''}\n`;
  };

  return {
    show: (rows, letters) => {
      const lines = sent.map((message) => {
        const isIts = ({ messageId }: DeadLetter): boolean => messageId === message.messageId;
        return line(
          message,
          rows.find(({ message_id }) => message_id === message.messageId),
          letters.some(isIts),
        );
      });
      if (isTerminal) {
        output.write(UP_ONE_LINE.repeat(drawn) + lines.join(''));
        drawn = lines.length;
        return;
      }
      for (const [index, text] of lines.entries()) {
        const { messageId } = sent[index] as Sent;
        if (shown.get(messageId) !== text) output.write(text);
        shown.set(messageId, text);
      }
    },
  };
}
