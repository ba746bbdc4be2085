/** A host whose connection broke under a job's command. */
export interface Break {
  host: string;
  /** Worker identity: of the one RealityServer that it was. */
  identity: string;
  /** Of the host's own wall clock. */
  atMs: number;
}

/** A host that was not heard of again while it ran a job's command. */
interface Silence {
  host: string;
  /** It came back and found the mark of this very run on its disk. */
  cameBack: boolean;
}

/** What an attempt leaves to the next one, wherever that runs, and shows of itself meanwhile. */
export interface AttemptDetails {
  host: string;
  attempt: number;
  state: 'looking' | 'rendering' | 'staging';
  /** Percent of a command that reports it, or of the bytes of its result. */
  progress?: number;
  /** Attempts that the command itself failed; faults of hosts do not count. */
  commandFailures: number;
  /** Set once the result is complete on a host. */
  rendered?: { host: string; gpuSeconds: number };
  /** While the command is on a GPU; still here in the next attempt when its host fell silent. */
  onGpu?: { host: string; identity: string; attempt: number; sinceMs: number; seconds: number };
  breaks: Break[];
  silences: Silence[];
}

export interface Here {
  host: string;
  identity: string;
  attempt: number;
  /** Whether this process found the mark of this run when it started. */
  foundMark: boolean;
  /** Whether the engine could not be reached at some time since then: no host could be heard of. */
  engineWasAway(sinceMs: number): boolean;
}

/** The details of an attempt that begins here, after what earlier ones left. */
export function beginAttempt(left: Partial<AttemptDetails> | undefined, here: Here): AttemptDetails {
  const { onGpu, ...kept } = left ?? {};
  const silences = kept.silences ?? [];
  const fellSilent = onGpu !== undefined && onGpu.attempt < here.attempt && !here.engineWasAway(onGpu.sinceMs);
  return {
    // First what people look for in Temporal's page.
    state: 'looking',
    host: here.host,
    attempt: here.attempt,
    commandFailures: kept.commandFailures ?? 0,
    ...(kept.rendered && { rendered: kept.rendered }),
    breaks: kept.breaks ?? [],
    silences: fellSilent
      ? [...silences, { host: onGpu.host, cameBack: onGpu.identity === here.identity && here.foundMark }]
      : silences,
  };
}

/** One host may be broken, and two may be; a job that meets three is looked at itself. */
const SUSPICIOUS = 3;

/**
 * The hosts that speak against a job, when there are enough: it broke connections on three that were in order afterwards,
 * three fell silent under it, or one did so three times and came back each time.
 */
export function suspicion(
  { breaks, silences }: AttemptDetails,
  isBack: (broken: Break) => boolean,
): { what: string; hosts: string[] } | undefined {
  const broken = distinct(breaks.filter(isBack).map(({ host }) => host));
  if (broken.length >= SUSPICIOUS)
    return { what: 'broke the connection of hosts that were in order afterwards', hosts: broken };
  const silent = distinct(silences.map(({ host }) => host));
  if (silent.length >= SUSPICIOUS) return { what: 'made hosts fall silent', hosts: silent };
  const [again] = silent.filter(
    (host) => silences.filter((silence) => silence.cameBack && silence.host === host).length >= SUSPICIOUS,
  );
  return again === undefined ? undefined : { what: `made a host fall silent ${SUSPICIOUS} times`, hosts: [again] };
}

/** Enough hosts may have broken for a suspicion: whether they are back decides, and that takes them a while. */
export const isWorthLooking = ({ breaks }: AttemptDetails): boolean =>
  distinct(breaks.map(({ host }) => host)).length >= SUSPICIOUS;

const distinct = (hosts: readonly string[]): string[] => [...new Set(hosts)];
