import { setTimeout as delay } from 'node:timers/promises';

import { z } from 'zod';

import type { JsonText } from '../lib/contract/job-input.ts';

import type { CallLog } from './calls.ts';
import { Fault, type FaultPlan } from './faults.ts';
import { CODES, CommandError } from '../lib/realityserver/json-rpc.ts';
import { pseudoRandom } from './pseudo-random.ts';
import { contactSheet } from './render/contact-sheet.ts';
import { denoised } from './render/denoise.ts';
import { joinTiles } from './render/join-tiles.ts';
import { DEFAULT_PICTURE } from './render/picture.ts';
import type { Renderer } from './render/renderer.ts';
import type { Stops } from './stops.ts';

/** A Binary result replaces the JSON; all else is JSON. */
type Answer = { json: JsonText } | Binary;

export interface Binary {
  mimeType: string;
  size: number;
  chunks: Iterable<Buffer>;
  /** Sent without a `Content-Length`. */
  isChunked?: boolean;
}

export interface Rooms {
  renderer: Renderer;
  calls: CallLog;
  faults: FaultPlan;
  stops: Stops;
}

const VERSION = 'RealityServer simulator 1.0';

/** Told while a command runs, in percent. */
export type Report = (percent: number) => void;

type Command = (parameters: JsonText, rooms: Rooms, report: Report) => Answer | Promise<Answer>;

const COMMANDS: Record<string, Command> = {
  get_version: () => json(VERSION),
  render_product: renderPicture,
  render_frame: renderPicture,

  contact_sheet: async (parameters) => picture(await contactSheet(read(ContactSheet, parameters).frames)),
  join_tiles: async (parameters) => picture(await joinTiles(read(Tiles, parameters))),
  denoise: async (parameters) => picture(await denoised(read(Denoise, parameters).picture)),

  /** Its parameters, exactly as they came. */
  echo: (parameters) => ({ json: parameters }),

  /** Scopes are all the same here. */
  create_scope: () => json({}),
  use_scope: () => json({}),

  async sleep(parameters, _rooms, report) {
    const { ms } = read(z.object({ ms: z.number().min(0).max(MOST_MS) }), parameters);
    for (let step = 1; step <= SLEEP_STEPS; step += 1) {
      // Nobody waits for it once the server has ended.
      await delay(ms / SLEEP_STEPS, undefined, { ref: false });
      report((100 * step) / SLEEP_STEPS);
    }
    return json({ slept_ms: ms });
  },

  big_result(parameters) {
    const { bytes, seed, mime_type, chunked } = read(BigResult, parameters);
    return { mimeType: mime_type, size: bytes, chunks: pseudoRandom(bytes, seed), isChunked: chunked };
  },

  /** Ends what runs; for RealityServers that have a command for it. */
  stop_render: (_parameters, { stops }) => json({ stopped: stops.stopAll() }),

  /** Fails at once in the way that its parameters say; see `faultOf`. */
  fault: () => ({ mimeType: 'application/octet-stream', size: FAULT_BYTES, chunks: pseudoRandom(FAULT_BYTES, 0) }),

  /** The next `times` calls of a command fail so. */
  sim_faults(parameters, { faults }) {
    const plan = read(PlannedFault, parameters);
    if ('clear' in plan) faults.clear();
    else faults.add(plan.command, plan, plan.times);
    return json({ waiting: faults.waiting });
  },

  sim_calls(parameters, { calls }) {
    const { command, clear } = read(CallsQuery, parameters);
    const found = calls.records.filter((record) => command === undefined || record.command === command);
    const answer = json(found);
    if (clear) calls.records.length = 0;
    return answer;
  },
};

/** These steer the simulator; they stand in no record. */
export const isControl = (method: string): boolean => method.startsWith('sim_');

export function commandNamed(method: string): Command {
  const command = Object.hasOwn(COMMANDS, method) ? COMMANDS[method] : undefined;
  if (command === undefined) throw new CommandError(CODES.method, `Unknown command: ${method}`);
  return command;
}

/** How this call is to fail: as planned, or as the command `fault` says itself. */
export const faultOf = (method: string, parameters: JsonText, { faults }: Rooms): Fault | undefined =>
  method === 'fault' ? read(Fault, parameters) : faults.take(method);

const SLEEP_STEPS = 10;
const MOST_MS = 24 * 60 * 60 * 1000;
const FAULT_BYTES = 4096;
const MOST_PIXELS_WIDE = 4096;

const pixels = z.int().min(1).max(MOST_PIXELS_WIDE);
const Picture = z.object({
  scene: z.string().default(DEFAULT_PICTURE.scene),
  width: pixels.default(DEFAULT_PICTURE.width),
  height: pixels.optional(),
  tint: z.object({ r: z.number(), g: z.number(), b: z.number() }).optional(),
  angle: z.number().default(DEFAULT_PICTURE.angle),
  part: z.object({ x: z.int().min(0), y: z.int().min(0), width: pixels, height: pixels }).optional(),
});
const ContactSheet = z.object({ frames: z.array(z.string()).min(1).max(720) });
const Tiles = z.object({
  width: pixels,
  height: pixels,
  tiles: z.array(z.object({ picture: z.string(), x: z.int().min(0), y: z.int().min(0) })).min(1),
});
const Denoise = z.object({ picture: z.string() });
const BigResult = z.object({
  bytes: z.int().min(0),
  seed: z.int().default(0),
  mime_type: z.string().default('application/octet-stream'),
  chunked: z.boolean().default(false),
});
const PlannedFault = z.union([
  z.object({ clear: z.literal(true) }),
  z.object({ command: z.string(), times: z.int().min(1).default(1) }).and(Fault),
]);
const CallsQuery = z.object({ command: z.string().optional(), clear: z.boolean().default(false) });

async function renderPicture(parameters: JsonText, { renderer }: Rooms, report: Report): Promise<Answer> {
  const { width, height, tint, part, ...options } = read(Picture, parameters);
  const shape = DEFAULT_PICTURE.height / DEFAULT_PICTURE.width;
  const wanted = {
    ...options,
    width,
    height: height ?? Math.max(1, Math.round(width * shape)),
    ...(tint && { tint }),
    ...(part && { part }),
  };
  if (part && (part.x + part.width > width || part.y + part.height > wanted.height))
    throw new CommandError(CODES.parameters, `part: lies outside of the picture of ${width} x ${wanted.height}`);
  return picture(await renderer.render(wanted, report));
}

const picture = (png: Buffer): Answer => ({ mimeType: 'image/png', size: png.length, chunks: [png] });

const json = (value: unknown): Answer => ({ json: JSON.stringify(value) });

function read<T extends z.ZodType>(schema: T, parameters: JsonText): z.output<T> {
  const { success, data, error } = schema.safeParse(JSON.parse(parameters));
  if (success) return data;
  const mistakes = error.issues.map(({ path, message }) => `${path.join('.') || 'parameters'}: ${message}`);
  throw new CommandError(CODES.parameters, mistakes.join('; '));
}
