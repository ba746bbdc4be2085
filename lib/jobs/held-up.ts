import type { Decoder } from './decode.ts';
import type { RawHistory } from './history.ts';
import { misfitIn, misfitText } from './misfit.ts';

/** Temporal's number for code that does not fit its history. */
const DOES_NOT_FIT = 24;
/** The same for code that throws, or does not come to rest. */
const CANNOT_RUN = 14;

/** Why the workflow's own code cannot go on. It is tried again until a job worker has code that can. Undefined: it can. */
export async function whyHeldUp({ events }: RawHistory, decoder: Decoder): Promise<string | undefined> {
  const list = events ?? [];
  const last = list.findLast(
    (event) => event.workflowTaskCompletedEventAttributes ?? event.workflowTaskFailedEventAttributes,
  );
  const failed = last?.workflowTaskFailedEventAttributes;
  const message = failed?.failure?.message ?? '';
  switch (Number(failed?.cause)) {
    case DOES_NOT_FIT: {
      const misfit = await misfitIn(list, message, (summary) => decoder.value({ payloads: [summary] }));
      const place = misfit ? `, ${misfitText(misfit)}` : '';
      return `its chain has changed and no longer does what it has done in this job${place}: it goes on once the job workers have a chain that does`;
    }
    case CANNOT_RUN:
      return `its chain cannot go on, and is tried again: ${message}`;
    default:
      return undefined;
  }
}
