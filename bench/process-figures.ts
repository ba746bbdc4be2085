import { readFileSync } from 'node:fs';

/** Resident memory of a process before and at most, in MB. */
export async function memoryDuring(
  pid: number,
  work: () => Promise<unknown>,
): Promise<{ beforeMb: number; mostMb: number }> {
  const beforeMb = residentMb(pid);
  let mostMb = beforeMb;
  const looking = setInterval(() => (mostMb = Math.max(mostMb, residentMb(pid))), 100);
  await work();
  clearInterval(looking);
  return { beforeMb, mostMb };
}

export const residentMb = (pid: number): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024);

/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;

/** Processor time of a process since it began: what it costs, however busy the machine is. */
export function processorMs(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return ((user ?? Number.NaN) + (system ?? Number.NaN)) * TICK_MS;
}
