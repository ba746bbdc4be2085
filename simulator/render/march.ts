import type { Part, Scene } from './scenes.ts';
import { along, clamp, dot, unit, type Vector } from './vector.ts';

const { max, min, sqrt } = Math;

const MAX_STEPS = 90;
const NEAR = 0.0012;
const SHADOW_STEPS = 40;
/** A lamp of this size and not a point: the further a shadow falls, the softer it is. */
const SHADOW_SHARPNESS = 5;
/** How far around an object its soft shadow begins. */
const SHADOW_MARGIN = 0.45;
const OCCLUSION_TAPS = 5;
const NORMAL_OFFSET = 0.0015;

export function distanceTo(scene: Scene, x: number, y: number, z: number): number {
  let nearest = Infinity;
  for (const part of scene.parts) nearest = min(nearest, part.distance(x, y, z));
  return nearest;
}

/** How far along the ray the object is; Infinity = not hit. */
export function hit(scene: Scene, from: Vector, direction: Vector): number {
  const span = ballSpan(scene, from, direction, 0);
  if (span === undefined) return Infinity;
  let [t] = span;
  for (let step = 0; step < MAX_STEPS && t < span[1]; step += 1) {
    const d = distanceTo(scene, from[0] + direction[0] * t, from[1] + direction[1] * t, from[2] + direction[2] * t);
    if (d < NEAR) return t;
    t += d * scene.care;
  }
  return Infinity;
}

export function partAt(scene: Scene, [x, y, z]: Vector): Part {
  return scene.parts.reduce((best, part) => (part.distance(x, y, z) < best.distance(x, y, z) ? part : best));
}

export function normalAt(scene: Scene, [x, y, z]: Vector): Vector {
  const e = NORMAL_OFFSET;
  // Four corners of a tetrahedron: two measurements fewer than along the axes.
  const a = distanceTo(scene, x + e, y - e, z - e);
  const b = distanceTo(scene, x - e, y - e, z + e);
  const c = distanceTo(scene, x - e, y + e, z - e);
  const d = distanceTo(scene, x + e, y + e, z + e);
  return unit([a - b - c + d, c + d - a - b, b + d - a - c]);
}

/** Share of a broad lamp in `direction` that a point sees, 0 to 1. */
export function light(scene: Scene, from: Vector, direction: Vector): number {
  const span = ballSpan(scene, from, direction, SHADOW_MARGIN);
  if (span === undefined) return 1;
  let seen = 1;
  let t = max(span[0], 0.02);
  for (let step = 0; step < SHADOW_STEPS && t < span[1]; step += 1) {
    const d = distanceTo(scene, from[0] + direction[0] * t, from[1] + direction[1] * t, from[2] + direction[2] * t);
    seen = min(seen, (SHADOW_SHARPNESS * d) / t);
    if (seen < -1) return 0;
    t += clamp(d * scene.care, 0.035, 0.3);
  }
  // Half of the lamp is seen where the ray just touches the object.
  return 0.25 * (1 + seen) ** 2 * (2 - seen);
}

/** How open the room above a point is, 0 to 1; `reach` in units. */
export function openness(scene: Scene, point: Vector, normal: Vector, reach: number): number {
  if (outside(scene, point, reach)) return 1;
  let closed = 0;
  let weight = 1;
  for (let tap = 1; tap <= OCCLUSION_TAPS; tap += 1) {
    const height = (reach * tap) / OCCLUSION_TAPS;
    const [x, y, z] = along(point, normal, height);
    closed += weight * max(0, height - distanceTo(scene, x, y, z));
    weight *= 0.75;
  }
  return clamp(1 - (closed / reach) * 0.62, 0.2, 1);
}

function outside(scene: Scene, [x, y, z]: Vector, reach: number): boolean {
  const limit = scene.radius + reach;
  const dy = y - scene.middle;
  return x * x + dy * dy + z * z > limit * limit;
}

/** Where a ray enters and leaves the ball around an object: most of a picture is floor and needs no measuring. */
function ballSpan(scene: Scene, from: Vector, direction: Vector, margin: number): [number, number] | undefined {
  const centre: Vector = [from[0], from[1] - scene.middle, from[2]];
  const b = dot(centre, direction);
  const root = b * b - dot(centre, centre) + (scene.radius + margin) ** 2;
  if (root < 0) return undefined;
  const half = sqrt(root);
  return half < b ? undefined : [max(0, -b - half), half - b];
}
