import {
  at,
  box,
  cylinder,
  joined,
  knot,
  leg,
  mirrored,
  sphere,
  tilted,
  torus,
  turned,
  type Distance,
} from './shapes.ts';
import { mixed, smooth, type Vector } from './vector.ts';

const { cos, exp, sin } = Math;

interface Material {
  /** Linear. */
  colour: Vector;
  /** Share of its surroundings that it mirrors when one looks straight at it. */
  gloss: number;
  /** Light of its own, as a share of its colour. */
  glow?: number;
}

export interface Part {
  distance: Distance;
  material: Material;
}

/** Stands on the floor, y = 0, around the upright axis. */
export interface Scene {
  parts: readonly Part[];
  /** Half of its height, and the radius of a ball around that point which holds all of it. */
  middle: number;
  radius: number;
  /** How much of a distance may be stepped: below 1 where it is only an estimate. */
  care: number;
}

const WOOD: Material = { colour: [0.36, 0.19, 0.09], gloss: 0.03 };
const STEEL: Material = { colour: [0.56, 0.57, 0.6], gloss: 0.7 };
const DARK: Material = { colour: [0.03, 0.032, 0.037], gloss: 0.05 };
const PORCELAIN: Material = { colour: [0.82, 0.8, 0.76], gloss: 0.05 };
const BRASS: Material = { colour: [0.66, 0.43, 0.16], gloss: 0.6 };

const painted = (colour: Vector, gloss = 0.045): Material => ({ colour, gloss });

type Build = (tint: Vector) => Scene;

const SCENES: Record<string, Build> = {
  chair: (tint) => ({
    parts: [
      {
        material: painted(tint),
        distance: joined(
          at(0, 0.86, 0, box(0.55, 0.06, 0.53, 0.05)),
          at(0, 1.62, -0.6, tilted(-9, 'x', box(0.52, 0.3, 0.045, 0.04))),
        ),
      },
      {
        material: WOOD,
        distance: joined(
          mirrored(leg([0.42, 0.83, 0.4], [0.54, 0.02, 0.52], 0.05, 0.032)),
          at(0, 0.45, 0, mirrored(at(0.48, 0, 0, box(0.02, 0.02, 0.46, 0.015)))),
          leg([-0.4, 0.85, -0.45], [-0.36, 1.7, -0.66], 0.04, 0.035),
          leg([0.4, 0.85, -0.45], [0.36, 1.7, -0.66], 0.04, 0.035),
        ),
      },
    ],
    middle: 0.96,
    radius: 1.25,
    care: 1,
  }),

  table: (tint) => ({
    parts: [
      { material: painted(tint), distance: at(0, 0.98, 0, cylinder(1.15, 0.05, 0.045)) },
      { material: WOOD, distance: mirrored(leg([0.34, 0.94, 0.34], [0.66, 0.02, 0.66], 0.06, 0.03)) },
      { material: PORCELAIN, distance: at(0.12, 1.03, 0.1, turned(pot, 0.022, 0.52, 0.022)) },
      { material: BRASS, distance: at(-0.48, 1.14, 0.28, sphere(0.115)) },
      { material: DARK, distance: at(-0.3, 1.11, 0.52, sphere(0.08)) },
    ],
    middle: 0.78,
    radius: 1.42,
    care: 0.85,
  }),

  lamp: (tint) => ({
    parts: [
      {
        material: { ...painted(tint, 0.02), glow: 0.55 },
        distance: at(
          0,
          1.62,
          0,
          turned((y) => 0.62 - 0.5 * y, -0.28, 0.36, 0.02),
        ),
      },
      { material: BRASS, distance: joined(at(0, 0.9, 0, cylinder(0.03, 0.86, 0.01)), at(0, 0.24, 0, sphere(0.17))) },
      { material: DARK, distance: at(0, 0.05, 0, cylinder(0.46, 0.05, 0.035)) },
    ],
    middle: 1,
    radius: 1.22,
    care: 0.8,
  }),

  vase: (tint) => ({
    parts: [
      { material: painted(tint, 0.06), distance: turned(vase, 0.04, 1.72, 0.035) },
      { material: PORCELAIN, distance: at(0.98, 0.3, 0.35, sphere(0.3)) },
      { material: BRASS, distance: at(-0.75, 0.16, 0.72, sphere(0.16)) },
    ],
    middle: 0.88,
    radius: 1.5,
    care: 0.85,
  }),

  torus: (tint) => ({
    parts: [
      { material: painted(tint, 0.06), distance: at(-0.3, 0.82, 0, tilted(90, 'x', torus(0.62, 0.2))) },
      { material: PORCELAIN, distance: at(0.32, 0.56, 0, tilted(-35, 'z', torus(0.62, 0.2))) },
    ],
    middle: 0.78,
    radius: 1.34,
    care: 1,
  }),

  sphere: (tint) => ({
    parts: [
      { material: painted(tint, 0.05), distance: at(0, 0.9, 0, sphere(0.9)) },
      { material: STEEL, distance: at(1.05, 0.34, 0.55, sphere(0.34)) },
      { material: painted(mixed(tint, [0.8, 0.78, 0.74], 0.75)), distance: at(-0.95, 0.22, 0.75, sphere(0.22)) },
      { material: DARK, distance: at(0.42, 0.13, 1.05, sphere(0.13)) },
    ],
    middle: 0.8,
    radius: 1.66,
    care: 1,
  }),

  knot: (tint) => ({
    parts: [{ material: painted(tint, 0.06), distance: at(0, 1, 0, tilted(66, 'x', knot(2, 3, 0.64, 0.28, 0.155))) }],
    middle: 0.98,
    radius: 1.12,
    care: 0.65,
  }),

  blocks: (tint) => ({
    parts: [
      { material: painted(tint), distance: at(-0.35, 0.42, 0, tilted(18, 'y', box(0.42, 0.42, 0.42, 0.06))) },
      { material: WOOD, distance: at(0.62, 0.3, 0.3, tilted(-25, 'y', box(0.3, 0.3, 0.3, 0.05))) },
      { material: PORCELAIN, distance: at(-0.28, 1.14, 0, tilted(-14, 'y', box(0.3, 0.3, 0.3, 0.05))) },
      { material: DARK, distance: at(-0.28, 1.62, 0, cylinder(0.18, 0.18, 0.04)) },
    ],
    middle: 0.85,
    radius: 1.34,
    care: 1,
  }),
};

/** The scenes that have a name; any other name gets one of them. */
export const SCENE_NAMES: readonly string[] = Object.keys(SCENES);

/** `scenes/chair.mi` is the chair. A name that stands for nothing is hashed into a scene and, without a tint, a colour. */
export function sceneNamed(name: string, tint: Vector | undefined): Scene {
  const plain = name
    .toLowerCase()
    .replace(/^.*[/\\]/, '')
    .replace(/\.[^.]*$/, '');
  const hash = hashOf(plain);
  const own = Object.hasOwn(SCENES, plain) ? plain : SCENE_NAMES[hash % SCENE_NAMES.length];
  const build = SCENES[own ?? 'sphere'] as Build;
  return build(tint ?? hueOf((hash >>> 8) % 360));
}

const pot = (y: number): number => 0.1 + 0.13 * sin(0.5 + y * 4.6) ** 2;
/** A belly, a neck, a lip. */
const vase = (y: number): number => 0.19 + 0.46 * exp(-(((y - 0.66) / 0.42) ** 2)) + 0.17 * smooth(1.3, 1.75, y);

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** A warm, not quite saturated colour of that hue. */
function hueOf(degrees: number): Vector {
  const channel = (offset: number): number => 0.42 + 0.36 * cos(((degrees - offset) * Math.PI) / 180);
  return [channel(0), channel(120), channel(240)];
}
