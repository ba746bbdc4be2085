import { SCENE_NAMES, sceneNamed, type Scene } from './scenes.ts';
import { colourSeen, studioFor, type Studio } from './studio.ts';
import { add, cross, scaled, unit, type Vector } from './vector.ts';

const { abs, cos, max, min, round, sin } = Math;

/** Plain data: it goes to another thread. */
export interface PictureOptions {
  scene: string;
  /** Pixels. */
  width: number;
  height: number;
  /** As on a screen, 0 to 1; absent = the scene's own. */
  tint?: { r: number; g: number; b: number };
  /** Degrees around the object. */
  angle: number;
  /** Only this part of it; absent = all. */
  part?: Part;
}

/** Pixels of a picture, from its left upper corner. */
export interface Part {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Picture {
  width: number;
  height: number;
  /** Four bytes a pixel, opaque. */
  rgba: Uint8Array;
}

export const DEFAULT_PICTURE: PictureOptions = { scene: SCENE_NAMES[0] ?? '', width: 480, height: 270, angle: 32 };

/** Beyond this difference, of 255, two neighbours are an edge and are looked at more closely. */
const EDGE = 14;
/** Places inside a pixel, on a turned grid. */
const CLOSER = [
  [-0.125, -0.375],
  [0.375, -0.125],
  [0.125, 0.375],
  [-0.375, 0.125],
] as const;

/** Renders a picture, a row at a time: whoever drives it may do something else between two rows. Yields percent done. */
export function* rendered(options: PictureOptions): Generator<number, Picture> {
  const view = viewOf(options);
  const part = options.part ?? { x: 0, y: 0, width: options.width, height: options.height };
  // Whether a pixel is an edge, its neighbours say: so parts are exactly what they are in the whole.
  const seen = withNeighbours(part, options);
  const { width, height } = seen;
  const rgba = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) put(rgba, y * width + x, pixel(view, seen.x + x, seen.y + y));
    yield (50 * (y + 1)) / height;
  }
  const edges = edgesOf(rgba, width, height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (edges[y * width + x] === 1) put(rgba, y * width + x, closerPixel(view, seen.x + x, seen.y + y));
    }
    yield 50 + (50 * (y + 1)) / height;
  }
  return cut({ width, height, rgba }, { ...part, x: part.x - seen.x, y: part.y - seen.y });
}

function withNeighbours(part: Part, { width, height }: PictureOptions): Part {
  const [x, y] = [max(0, part.x - 1), max(0, part.y - 1)];
  return {
    x,
    y,
    width: min(width, part.x + part.width + 1) - x,
    height: min(height, part.y + part.height + 1) - y,
  };
}

function cut(picture: Picture, { x, y, width, height }: Part): Picture {
  if (width === picture.width && height === picture.height) return picture;
  const rgba = new Uint8Array(width * height * 4);
  for (let row = 0; row < height; row += 1) {
    const start = ((y + row) * picture.width + x) * 4;
    rgba.set(picture.rgba.subarray(start, start + width * 4), row * width * 4);
  }
  return { width, height, rgba };
}

interface View {
  scene: Scene;
  studio: Studio;
  eye: Vector;
  right: Vector;
  up: Vector;
  forward: Vector;
  width: number;
  height: number;
  /** Of a pixel, at one unit in front of the eye. */
  size: number;
}

const linear = (channel: number): number => max(0, min(1, channel)) ** 2.2;
const NEUTRAL: Vector = [0.5, 0.5, 0.5];
/** A long lens from slightly above. */
const ELEVATION = 0.3;
const LENS = 0.27;

function viewOf({ scene: name, width, height, tint, angle }: PictureOptions): View {
  const colour: Vector | undefined = tint && [linear(tint.r), linear(tint.g), linear(tint.b)];
  const scene = sceneNamed(name, colour);
  const around = (angle * Math.PI) / 180;
  const middle: Vector = [0, scene.middle * 0.96, 0];
  const away: Vector = [sin(around) * cos(ELEVATION), sin(ELEVATION), cos(around) * cos(ELEVATION)];
  // The narrower side of the picture holds all of the object.
  const distance = (scene.radius * 1.06) / LENS / min(1, width / height);
  const forward = scaled(away, -1);
  const right = unit(cross(forward, [0, 1, 0]));
  return {
    scene,
    studio: studioFor(angle, colour ?? NEUTRAL),
    eye: add(middle, scaled(away, distance)),
    right,
    up: cross(right, forward),
    forward,
    width,
    height,
    size: (2 * LENS) / height,
  };
}

/** As on a screen, 0 to 255. */
function pixel({ scene, studio, eye, right, up, forward, width, height, size }: View, x: number, y: number): Vector {
  const dx = (x + 0.5 - width / 2) * size;
  const dy = (height / 2 - y - 0.5) * size;
  const direction = unit(add(forward, add(scaled(right, dx), scaled(up, dy))));
  const corner = (2 * x) / width - 1;
  const edge = (2 * y) / height - 1;
  const vignette = 1 - 0.1 * (corner * corner + edge * edge);
  const [r, g, b] = colourSeen(scene, studio, eye, direction);
  return [onScreen(r * vignette), onScreen(g * vignette), onScreen(b * vignette)];
}

/** Film's answer to light (Narkowicz' fit of the ACES curve), then the screen's gamma. */
function onScreen(light: number): number {
  const x = light * 0.82;
  const shown = min(1, (x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14));
  return 255 * shown ** (1 / 2.2);
}

const closerPixel = (view: View, x: number, y: number): Vector =>
  scaled(
    CLOSER.reduce<Vector>((sum, [dx, dy]) => add(sum, pixel(view, x + dx, y + dy)), [0, 0, 0]),
    1 / CLOSER.length,
  );

function put(rgba: Uint8Array, index: number, [r, g, b]: Vector): void {
  rgba[index * 4] = round(r);
  rgba[index * 4 + 1] = round(g);
  rgba[index * 4 + 2] = round(b);
}

function edgesOf(rgba: Uint8Array, width: number, height: number): Uint8Array {
  const edges = new Uint8Array(width * height);
  const mark = (a: number, b: number): void => {
    let difference = 0;
    for (let channel = 0; channel < 3; channel += 1) {
      difference = max(difference, abs((rgba[a * 4 + channel] ?? 0) - (rgba[b * 4 + channel] ?? 0)));
    }
    if (difference > EDGE) edges[a] = edges[b] = 1;
  };
  for (let index = 0; index < width * height; index += 1) {
    if ((index + 1) % width !== 0) mark(index, index + 1);
    if (index + width < width * height) mark(index, index + width);
  }
  return edges;
}
