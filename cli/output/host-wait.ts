import type { HostWait } from '../../lib/jobs/host-wait.ts';

import { agoText } from './quantities.ts';

/** What a command that could begin waits for: `a render host of the queue renders; about 3 commands before it`. */
export function hostWaitText(
  { paused, readySlots, lastHeard, higher, same }: HostWait,
  queue: string,
  nowMs: number,
): string {
  if (paused) {
    return `the queue ${queue}, paused by ${paused.by} ${agoText(paused.since, nowMs)}: dqm resume --queue ${queue}`;
  }
  const host = `a render host of the queue ${queue}`;
  if (readySlots === 0) {
    const since = lastHeard ? `; ${lastHeard.host} was last heard of ${agoText(lastHeard.at, nowMs)}` : '';
    return `${host}: none is ready${since}`;
  }
  const before = [
    ...(higher > 0 ? [`about ${higher} of higher priority before it`] : []),
    ...(same > 0 ? [`about ${same} of the same priority`] : []),
  ];
  return [host, ...before].join('; ');
}
