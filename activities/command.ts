import { activityInfo, ApplicationFailure, cancellationDetails, CancelledFailure } from '@temporalio/activity';

import type { JobLimits, JsonText, MessageBody, StagedResult } from '../lib/contract/job-input.ts';
import { memberText } from '../lib/contract/json-text.ts';
import type { Log } from '../lib/log.ts';
import { RealityServerError } from '../lib/realityserver/client.ts';
import { resultKey } from '../lib/results/key.ts';
import { cutSignatures } from '../lib/results/signed-addresses.ts';
import { StoreUnavailable, type ResultStore, type StagedFile } from '../lib/results/store.ts';
import { readText } from '../lib/results/text.ts';

import { beginAttempt, isWorthLooking, suspicion, type AttemptDetails, type Break } from './attempt.ts';
import {
  calledTooSoon,
  commandFailure,
  commandNotAllowed,
  hostPaused,
  hostStopping,
  jobIsSuspect,
} from './classify.ts';
import { withHeartbeat, type Details } from './heartbeat.ts';
import { findStaged, publish } from './publish.ts';
import { openReferences } from './references.ts';
import { render, type HeldGpu, type RenderDeps, type RenderEvents } from './render.ts';

/** A single job's parameters stand in its message's body; a chain's step has its own. */
export type CommandInput = CommandCall & ({ body: MessageBody } | StepParameters);

interface StepParameters {
  parameters: JsonText;
  /** The queue of the chain's job: a step may run on hosts of another. */
  jobQueue: string;
}

interface CommandCall {
  queue: string;
  command: string;
  /** Which command of its workflow this is, from 0. */
  occurrence: number;
  generation: number;
  limits: JobLimits;
  mayBeStaged: boolean;
}

export interface RenderedCommand {
  result: StagedResult;
  host: string;
  /** Of the attempt that gave the result. */
  gpuSeconds: number;
}

export interface CommandDeps extends RenderDeps {
  /** Name of this host. */
  host: string;
  /** Of this worker: one RealityServer of this host. */
  identity: string;
  allowCommands: ReadonlySet<string>;
  store: ResultStore;
  /** Null while this host takes commands. A poll of before the pause may still bring one. */
  paused(): { by: string } | null;
  /** Those of these hosts that have taken commands again since. */
  hostsBack(queue: string, breaks: readonly Break[]): Promise<readonly Break[]>;
  /** Whether the engine could not be reached at some time since then, wall clock. */
  engineWasAway(sinceMs: number): boolean;
  log: Log;
}

export type CommandActivities = ReturnType<typeof createCommandActivities>;

export function createCommandActivities(deps: CommandDeps) {
  return {
    /** Runs a command on this host's GPU and gives its staged result, or the one that an earlier attempt has staged. */
    async runCommand(input: CommandInput): Promise<RenderedCommand> {
      const slot = deps.gpu.take();
      try {
        return await withHeartbeat((signal, kept: Details<AttemptDetails>) => run(deps, input, slot, signal, kept));
      } finally {
        slot.done();
      }
    },
  };
}

async function run(
  deps: CommandDeps,
  input: CommandInput,
  slot: HeldGpu,
  signal: AbortSignal,
  kept: Details<AttemptDetails>,
): Promise<RenderedCommand> {
  const { host, store, staging, log } = deps;
  // A render host obeys its own file, not whoever can start a workflow.
  if (!deps.allowCommands.has(input.command)) throw commandNotAllowed(input.command, host);

  const details = begin(deps, input);
  kept.keep(details);
  let file: StagedFile | undefined;
  try {
    const parameters = await parametersOf(input, store, signal);
    const key = keyOf(input, parameters);
    // Both at once: the GPU waits for this.
    const [earlier, onThisHost] = await Promise.all([
      findStaged(store, key, { mustAsk: input.mayBeStaged || details.attempt > 1 }, signal),
      staging.find(key),
    ]);
    if (earlier) return { host, gpuSeconds: 0, ...details.rendered, result: earlier };

    file = onThisHost;
    if (file === undefined) {
      await refuseSuspect(deps, input, details);
      const sent = 'parameters' in input ? await withAddresses(input, store, signal) : parameters;
      await untilTurn(slot, host, signal);
      const paused = deps.paused();
      if (paused) throw hostPaused(host, paused.by);
      const rendered = await renderHere(deps, input, { parameters: sent, key }, { details, slot }, signal);
      file = rendered.file;
      details.rendered = { host, gpuSeconds: rendered.gpuSeconds };
    }
    details.state = 'staging';
    slot.release();
    const result = await publish(store, key, file, { windowMs: input.limits.taskRetryWindowMs, log }, signal);
    await staging.remove(file);
    return { host, gpuSeconds: 0, ...details.rendered, result };
  } catch (error) {
    if (signal.aborted) {
      // What it leaves must not look like a host that fell silent.
      kept.send(details);
      throw stopped(signal, host, file !== undefined);
    }
    throw failed(error, details, input, deps, kept);
  }
}

/** Also counts what the attempt before has cost, if its host fell silent: nobody else can. */
function begin({ host, identity, gpu, measured, engineWasAway }: CommandDeps, input: CommandInput): AttemptDetails {
  const { attempt, heartbeatDetails, workflowExecution } = activityInfo();
  const left = heartbeatDetails as Partial<AttemptDetails> | undefined;
  const { queue, command } = input;
  if (left?.onGpu) measured({ queue, command, outcome: 'lost', startedMs: 0, endedMs: left.onGpu.seconds * 1_000 });
  const foundMark = gpu.foundMark(workflowExecution?.runId ?? '');
  return beginAttempt(left, { host, identity, attempt, foundMark, engineWasAway });
}

/** Commands before which another one is called ahead are short: one that is not keeps it from the other hosts. */
const LONGEST_TURN_MS = 1_000;

async function untilTurn(slot: HeldGpu, host: string, signal: AbortSignal): Promise<void> {
  const isMine = await slot.turn(AbortSignal.any([signal, AbortSignal.timeout(LONGEST_TURN_MS)]));
  signal.throwIfAborted();
  if (!isMine) throw calledTooSoon(host);
}

/** A job that breaks one host after another is stopped before it breaks this one. */
async function refuseSuspect(deps: CommandDeps, { queue, command }: CommandInput, details: AttemptDetails) {
  const back = isWorthLooking(details) ? await deps.hostsBack(queue, details.breaks) : [];
  const suspected = suspicion(details, (broken) => back.includes(broken));
  if (suspected) throw jobIsSuspect(command, suspected);
}

/** Shows the command's progress in `details` while it runs. */
async function renderHere(
  deps: CommandDeps,
  { queue, command, limits }: CommandInput,
  { parameters, key }: { parameters: JsonText; key: string },
  { details, slot }: { details: AttemptDetails; slot: { release(): void } },
  signal: AbortSignal,
) {
  const { host, identity, now } = deps;
  const { attempt } = details;
  const startedMs = now();
  details.state = 'rendering';
  details.onGpu = {
    host,
    identity,
    attempt,
    sinceMs: Date.now(),
    // Read by each beat.
    get seconds() {
      return (now() - startedMs) / 1_000;
    },
  };
  const events: RenderEvents = {
    onProgress: (percent) => {
      details.progress = Math.round(percent);
    },
    // The permit goes back with the last byte, not with the result: staging overlaps the next render.
    onLastByte: slot.release,
  };
  try {
    return await render(deps, { queue, command, parameters, key, limits }, events, signal);
  } catch (error) {
    // A server may quote an address that it could not read.
    throw cutSignatures(error);
  } finally {
    delete details.onGpu;
    delete details.progress;
  }
}

const parametersOf = async (input: CommandInput, store: ResultStore, signal: AbortSignal): Promise<JsonText> => {
  if ('parameters' in input) return input.parameters;
  const { body } = input;
  const text = 'text' in body ? body.text : await readText(store, body.reference, signal);
  const parameters = memberText(text, 'parameters');
  return parameters === undefined || parameters === 'null' ? '{}' : parameters;
};

/** What a step opens may be read until the command would be given up, and a little longer where clocks differ. */
function withAddresses(
  { jobQueue: queue, parameters, limits }: CommandCall & StepParameters,
  store: ResultStore,
  signal: AbortSignal,
): Promise<JsonText> {
  const owner = { queue, workflowId: activityInfo().workflowExecution?.workflowId ?? '' };
  return openReferences(parameters, owner, { store, forMs: limits.commandTimeoutMs + CLOCKS_DIFFER_MS }, signal);
}

const CLOCKS_DIFFER_MS = 900_000;

const keyOf = (input: CommandInput, parametersText: JsonText): string =>
  resultKey({
    queue: 'jobQueue' in input ? input.jobQueue : input.queue,
    workflowId: activityInfo().workflowExecution?.workflowId ?? '',
    command: input.command,
    parametersText,
    occurrence: input.occurrence,
    generation: input.generation,
  });

/** A cancelled job ends; a stopping host hands its command to another one, or keeps it when the bytes are here already. */
function stopped(signal: AbortSignal, host: string, isComplete: boolean): Error {
  if (cancellationDetails()?.workerShutdown) return hostStopping(host, isComplete);
  return signal.reason instanceof Error ? signal.reason : new CancelledFailure('cancelled');
}

/** What the next attempt must know goes with the last beat: it outlives this one, and the engine's own count is of all attempts. */
function failed(
  error: unknown,
  details: AttemptDetails,
  { command, limits }: CommandInput,
  { commands, gpu, host, identity }: CommandDeps,
  kept: Details<AttemptDetails>,
): Error {
  if (error instanceof ApplicationFailure) return error;
  const failures = details.commandFailures + 1;
  const connectionBroke = error instanceof RealityServerError && error.connectionBroke;
  if (connectionBroke) details.breaks = [...details.breaks, { host, identity, atMs: Date.now() }];
  const failure = commandFailure(error, {
    host,
    failures,
    attempts: limits.commandAttempts,
    errors: commands.get(command)?.errors ?? [],
    isWorthLooking: isWorthLooking(details),
  });
  const isHostFault = failure.type === 'HostFault';
  if (!isHostFault) details.commandFailures = failures;
  kept.send(details);
  // The store is nobody's GPU.
  if (connectionBroke || (isHostFault && !(error instanceof StoreUnavailable))) gpu.fault(error);
  else if (!isHostFault) gpu.commandFailed();
  return failure;
}
