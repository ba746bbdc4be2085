import { clamp, mix, type Vector } from './vector.ts';

// Taken out once: in a sandbox, where tests run, each look at a global costs more than the sum.
const { abs, atan2, cos, max, min, sin, sqrt } = Math;

/** How far a point is from the surface, negative inside. Numbers, not a vector: a picture asks it ten million times. */
export type Distance = (x: number, y: number, z: number) => number;

export const sphere =
  (radius: number): Distance =>
  (x, y, z) =>
    sqrt(x * x + y * y + z * z) - radius;

/** Half sizes; `edge` rounds its edges. */
export const box =
  (width: number, height: number, depth: number, edge: number): Distance =>
  (x, y, z) => {
    const dx = abs(x) - width + edge;
    const dy = abs(y) - height + edge;
    const dz = abs(z) - depth + edge;
    const inside = min(max(dx, dy, dz), 0);
    const ox = max(dx, 0);
    const oy = max(dy, 0);
    const oz = max(dz, 0);
    return sqrt(ox * ox + oy * oy + oz * oz) + inside - edge;
  };

/** Lying flat. */
export const torus =
  (radius: number, thickness: number): Distance =>
  (x, y, z) => {
    const ring = sqrt(x * x + z * z) - radius;
    return sqrt(ring * ring + y * y) - thickness;
  };

/** Upright; `height` is half of it. */
export const cylinder =
  (radius: number, height: number, edge: number): Distance =>
  (x, y, z) => {
    const dr = sqrt(x * x + z * z) - radius + edge;
    const dy = abs(y) - height + edge;
    const or = max(dr, 0);
    const oy = max(dy, 0);
    return min(max(dr, dy), 0) + sqrt(or * or + oy * oy) - edge;
  };

/** A round leg from one point to another, as thick at each end as it is told. */
export const leg = (from: Vector, to: Vector, thick: number, thin: number): Distance => {
  const [fx, fy, fz] = from;
  const vx = to[0] - fx;
  const vy = to[1] - fy;
  const vz = to[2] - fz;
  const square = vx * vx + vy * vy + vz * vz;
  return (x, y, z) => {
    const share = clamp(((x - fx) * vx + (y - fy) * vy + (z - fz) * vz) / square, 0, 1);
    const dx = x - fx - vx * share;
    const dy = y - fy - vy * share;
    const dz = z - fz - vz * share;
    return sqrt(dx * dx + dy * dy + dz * dz) - (thick + (thin - thick) * share);
  };
};

const SLOPE_STEP = 0.01;

/** A wall turned around the upright axis: `radius` at each height between `bottom` and `top`, open above. */
export const turned =
  (radius: (y: number) => number, bottom: number, top: number, wall: number): Distance =>
  (x, y, z) => {
    const filled = mix(bottom, top, 0.8);
    const height = clamp(y, bottom, top);
    const here = radius(height);
    const dr = sqrt(x * x + z * z) - here;
    const side = y - height;
    // A wall that leans is nearer than it is on the level.
    const lean = (radius(height + SLOPE_STEP) - here) / SLOPE_STEP;
    const shell = sqrt((dr * dr) / (1 + lean * lean) + side * side) - wall;
    // Filled up to here: a shadow's steps would miss a thin wall.
    const filling = max(dr, bottom - wall - y, y - filled);
    return min(shell, filling);
  };

/** A tube that winds around a torus: `windings` times around it for each `turns` along it. */
export const knot =
  (turns: number, windings: number, radius: number, spread: number, thickness: number): Distance =>
  (x, y, z) => {
    const ring = sqrt(x * x + z * z) - radius;
    const around = (atan2(z, x) * windings) / turns;
    const slope = (spread * windings) / turns;
    let nearest = Infinity;
    for (let strand = 0; strand < turns; strand += 1) {
      const angle = around + (strand * 2 * Math.PI) / turns;
      const out = cos(angle);
      const up = sin(angle);
      const dx = ring - out * spread;
      const dy = y - up * spread;
      // The tube crosses this plane at a slant: what lies along it is no distance.
      const forward = radius + out * spread;
      const slant = ((dy * out - dx * up) ** 2 * (slope * slope)) / (slope * slope + forward * forward);
      nearest = min(nearest, dx * dx + dy * dy - slant);
    }
    return sqrt(nearest) - thickness;
  };

export const at =
  (x0: number, y0: number, z0: number, shape: Distance): Distance =>
  (x, y, z) =>
    shape(x - x0, y - y0, z - z0);

/** Turned in the plane of two axes, degrees. */
export const tilted = (degrees: number, axis: 'x' | 'y' | 'z', shape: Distance): Distance => {
  const c = cos((degrees * Math.PI) / 180);
  const s = sin((degrees * Math.PI) / 180);
  switch (axis) {
    case 'x':
      return (x, y, z) => shape(x, c * y + s * z, c * z - s * y);
    case 'y':
      return (x, y, z) => shape(c * x - s * z, y, c * z + s * x);
    case 'z':
      return (x, y, z) => shape(c * x + s * y, c * y - s * x, z);
    default:
      return axis satisfies never;
  }
};

/** One quarter, seen four times. */
export const mirrored =
  (shape: Distance): Distance =>
  (x, y, z) =>
    shape(abs(x), y, abs(z));

export const joined =
  (...shapes: readonly Distance[]): Distance =>
  (x, y, z) => {
    let nearest = Infinity;
    for (const shape of shapes) nearest = min(nearest, shape(x, y, z));
    return nearest;
  };
