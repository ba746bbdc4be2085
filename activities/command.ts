import { activityInfo, ApplicationFailure, cancellationDetails, CancelledFailure } from '@temporalio/activity';

import type { JobLimits, JsonText, MessageBody, StagedResult } from '../lib/contract/job-input.ts';
import { memberText } from '../lib/contract/json-text.ts';
import type { Log } from '../lib/log.ts';
import { RealityServerError, type RealityServer } from '../lib/realityserver/client.ts';
import { resultKey } from '../lib/results/key.ts';
import type { Staging } from '../lib/results/staging.ts';
import { StoreUnavailable, type ResultStore, type StagedFile } from '../lib/results/store.ts';
import { readText } from '../lib/results/text.ts';

import { commandFailure, commandNotAllowed, hostStopping, type ErrorRules } from './classify.ts';
import { expectResult, type ExpectedResult } from './expected-result.ts';
import { withHeartbeat, type Details } from './heartbeat.ts';
import { findStaged, publish } from './publish.ts';

/** A single job's parameters stand in its message's body; a chain's step has its own. */
export type CommandInput = CommandCall & ({ body: MessageBody } | { parameters: JsonText });

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

/** The GPU of a host, as the command that uses it sees it. */
export interface Gpu {
  /** Holds the permit this activity was started with. */
  take(): { release(): void; done(): void };
  /** Asks the RealityServer once more; fails like a command would. */
  probe(signal: AbortSignal): Promise<void>;
  /** The RealityServer gave a whole answer. */
  answered(): void;
  /** The host failed: no command until it has shown that it works. */
  fault(reason: unknown): void;
  /** The command failed by itself: the host rests for a moment. */
  commandFailed(): void;
}

export interface CommandDeps {
  /** Name of this host. */
  host: string;
  allowCommands: ReadonlySet<string>;
  /** What this host's file says of single commands, by name. */
  commands: ReadonlyMap<string, CommandRules>;
  realityServer: RealityServer;
  gpu: Gpu;
  staging: Staging;
  store: ResultStore;
  /** One ended attempt on the GPU. */
  measured(attempt: MeasuredAttempt): void;
  log: Log;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
}

/** What a host's own file says of a command. */
export interface CommandRules extends ExpectedResult {
  errors: ErrorRules;
}

export interface MeasuredAttempt {
  queue: string;
  command: string;
  outcome: 'completed' | 'failed';
  startedMs: number;
  endedMs: number;
}

/** What an attempt leaves to the next one, wherever that runs. */
interface AttemptDetails {
  host: string;
  /** Attempts that the command itself failed; faults of hosts do not count. */
  commandFailures: number;
  /** Set once the result is complete on a host. */
  rendered?: { host: string; gpuSeconds: number };
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
  slot: { release(): void },
  signal: AbortSignal,
  kept: Details<AttemptDetails>,
): Promise<RenderedCommand> {
  const { host, store, staging, log } = deps;
  // A render host obeys its own file, not whoever can start a workflow.
  if (!deps.allowCommands.has(input.command)) throw commandNotAllowed(input.command, host);

  const details: AttemptDetails = { commandFailures: 0, ...(activityInfo().heartbeatDetails as object), host };
  kept.keep(details);
  let file: StagedFile | undefined;
  try {
    const parameters = await parametersOf(input, store, signal);
    const key = keyOf(input, parameters);
    const earlier = await findStaged(store, key, { mustAsk: input.mayBeStaged || activityInfo().attempt > 1 }, signal);
    if (earlier) return { host, gpuSeconds: 0, ...details.rendered, result: earlier };

    file = await staging.find(key);
    if (file === undefined) {
      const { bytes, gpuSeconds } = await render(deps, input, parameters, key, signal);
      file = bytes;
      details.rendered = { host, gpuSeconds };
      kept.keep(details);
    }
    // The permit goes back with the last byte, not with the result: staging overlaps the next render.
    slot.release();
    const result = await publish(store, key, file, { windowMs: input.limits.taskRetryWindowMs, log }, signal);
    await staging.remove(file);
    return { host, gpuSeconds: 0, ...details.rendered, result };
  } catch (error) {
    if (signal.aborted) throw stopped(signal, host, file !== undefined);
    throw failed(error, details, input, deps, kept);
  }
}

/** One attempt on the GPU: from the first byte of the request to the last one of the answer. */
async function render(deps: CommandDeps, input: CommandInput, parameters: JsonText, key: string, signal: AbortSignal) {
  const { queue, command, limits } = input;
  const { realityServer, staging, measured, gpu, now } = deps;
  const { workflowId, runId } = activityInfo().workflowExecution ?? { workflowId: '', runId: '' };
  await gpu.probe(signal);

  const timeout = AbortSignal.timeout(limits.commandTimeoutMs);
  const startedMs = now();
  let outcome: 'completed' | 'failed' = 'failed';
  try {
    const bounded = AbortSignal.any([signal, timeout]);
    const answer = await realityServer.run(command, parameters, bounded);
    const check = (file: StagedFile): Promise<void> => expectResult(command, file, deps.commands.get(command));
    const bytes = await staging.receive(key, { ...answer, check }, { workflowId, runId }, bounded);
    outcome = 'completed';
    gpu.answered();
    return { bytes, gpuSeconds: (now() - startedMs) / 1_000 };
  } catch (error) {
    if (!timeout.aborted || signal.aborted) throw error;
    throw new CommandTimeout(command, limits.commandTimeoutMs);
  } finally {
    measured({ queue, command, outcome, startedMs, endedMs: now() });
  }
}

/** Counts against the job's attempts: the same scene takes as long on the next host. */
export class CommandTimeout extends Error {
  override readonly name = 'CommandTimeout';

  constructor(command: string, timeoutMs: number) {
    super(`${command} did not end within its command_timeout of ${timeoutMs / 1_000} s`);
  }
}

const parametersOf = async (input: CommandInput, store: ResultStore, signal: AbortSignal): Promise<JsonText> => {
  if ('parameters' in input) return input.parameters;
  const { body } = input;
  const text = 'text' in body ? body.text : await readText(store, body.reference, signal);
  const parameters = memberText(text, 'parameters');
  return parameters === undefined || parameters === 'null' ? '{}' : parameters;
};

const keyOf = ({ queue, command, occurrence, generation }: CommandInput, parametersText: JsonText): string =>
  resultKey({
    queue,
    workflowId: activityInfo().workflowExecution?.workflowId ?? '',
    command,
    parametersText,
    occurrence,
    generation,
  });

/** A cancelled job ends; a stopping host hands its command to another one, or keeps it when the bytes are here already. */
function stopped(signal: AbortSignal, host: string, isComplete: boolean): Error {
  if (cancellationDetails()?.workerShutdown) return hostStopping(host, isComplete);
  return signal.reason instanceof Error ? signal.reason : new CancelledFailure('cancelled');
}

function failed(
  error: unknown,
  details: AttemptDetails,
  { command, limits }: CommandInput,
  { commands, gpu }: CommandDeps,
  kept: Details<AttemptDetails>,
): Error {
  if (error instanceof ApplicationFailure) return error;
  const failures = details.commandFailures + 1;
  const failure = commandFailure(error, {
    host: details.host,
    failures,
    attempts: limits.commandAttempts,
    errors: commands.get(command)?.errors ?? [],
  });
  const isHostFault = failure.type === 'HostFault';
  // Counted in the heartbeat's details: they outlive the attempt, and the engine's own count has the hosts' faults in it.
  if (!isHostFault) kept.send({ ...details, commandFailures: failures });
  // The store is nobody's GPU.
  const connectionBroke = error instanceof RealityServerError && error.connectionBroke;
  if (connectionBroke || (isHostFault && !(error instanceof StoreUnavailable))) gpu.fault(error);
  else if (!isHostFault) gpu.commandFailed();
  return failure;
}
