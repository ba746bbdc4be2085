import { hit, light, normalAt, openness, partAt } from './march.ts';
import type { Scene } from './scenes.ts';
import {
  add,
  along,
  clamp,
  cross,
  dot,
  mix,
  mixed,
  reflected,
  scaled,
  smooth,
  times,
  unit,
  type Vector,
} from './vector.ts';

const { abs, cos, exp, max, sin, sqrt } = Math;

/** Lamps that turn with the camera, and a room without edges: a photographer's studio. */
export interface Studio {
  lamp: Vector;
  lampRight: Vector;
  lampUp: Vector;
  strip: Vector;
  paper: Vector;
}

const LAMP_COLOUR: Vector = [2.25, 2.14, 1.98];
const SKY: Vector = [0.62, 0.68, 0.78];
const OFF_SURFACE = 0.004;

/** Seen from `angle` degrees around the object; the paper has a breath of the object's own colour. */
export function studioFor(angle: number, tint: Vector): Studio {
  const turn = (x: number, y: number, z: number): Vector => {
    const around = (angle * Math.PI) / 180;
    return unit([cos(around) * x + sin(around) * z, y, cos(around) * z - sin(around) * x]);
  };
  const lamp = turn(-0.62, 0.92, 0.5);
  const lampRight = unit(cross(lamp, [0, 1, 0]));
  const lampUp = cross(lampRight, lamp);
  return { lamp, lampRight, lampUp, strip: turn(1, 0.32, 0.1), paper: mixed([0.8, 0.8, 0.81], tint, 0.14) };
}

/** The light that comes to `from` out of `direction`. */
export function colourSeen(scene: Scene, studio: Studio, from: Vector, direction: Vector): Vector {
  const distance = hit(scene, from, direction);
  if (distance < Infinity) return objectColour(scene, studio, along(from, direction, distance), direction);
  if (direction[1] >= 0) return backdrop(studio, direction);
  return floorColour(scene, studio, along(from, direction, -from[1] / direction[1]), direction);
}

function objectColour(scene: Scene, studio: Studio, point: Vector, direction: Vector): Vector {
  const { colour, gloss, glow = 0 } = partAt(scene, point).material;
  const normal = normalAt(scene, point);
  const start = along(point, normal, OFF_SURFACE * 3);
  const open = openness(scene, point, normal, 0.35) * floorOpenness(point, normal);
  const facing = max(0, dot(normal, studio.lamp));
  const lit = facing > 0 ? facing * light(scene, start, studio.lamp) : 0;

  const sky = scaled(SKY, 0.55 * (0.5 + 0.5 * normal[1]) * open);
  const bounce = scaled(studio.paper, 0.34 * (0.5 - 0.5 * normal[1]) * open);
  const rim = 0.3 * max(0, dot(normal, studio.strip)) * open;
  const diffuse = times(
    colour,
    add(add(scaled(LAMP_COLOUR, lit), sky), add(bounce, [rim + glow, rim + glow, rim * 1.1 + glow])),
  );

  const grazing = (1 - clamp(-dot(direction, normal), 0, 1)) ** 5;
  const mirror = gloss + (1 - gloss) * grazing * 0.65;
  // What mirrors like a metal mirrors in its own colour.
  const metal = smooth(0.1, 0.4, gloss);
  const tone = mixed([1, 1, 1], scaled(colour, 1.5), metal);
  const around = times(tone, surroundings(studio, reflected(direction, normal)));
  return add(scaled(diffuse, 1 - 0.75 * metal), scaled(around, mirror * (0.3 + 0.7 * open)));
}

/** Less of the sky comes to what is close above the floor and looks down on it. */
const floorOpenness = ([, y]: Vector, [, ny]: Vector): number => 1 - 0.55 * exp(-5 * y) * (0.5 - 0.5 * ny);

function floorColour(scene: Scene, studio: Studio, point: Vector, direction: Vector): Vector {
  const start: Vector = [point[0], OFF_SURFACE, point[2]];
  const lit = light(scene, start, studio.lamp) * studio.lamp[1];
  const open = openness(scene, start, [0, 1, 0], 0.8);
  const radius = sqrt(point[0] ** 2 + point[2] ** 2);
  // A pool of light around the object.
  const pool = 0.62 + 0.38 / (1 + 0.035 * radius * radius);
  const shone = add(scaled(LAMP_COLOUR, lit * 0.4 * pool), scaled(SKY, 0.62 * open * pool));
  const paper = times(studio.paper, shone);
  const polished = mirrorOf(scene, studio, start, direction, paper);
  return mixed(polished, backdrop(studio, direction), smooth(5, 15, radius));
}

/** The floor is polished a little. */
function mirrorOf(scene: Scene, studio: Studio, start: Vector, direction: Vector, paper: Vector): Vector {
  const upward: Vector = [direction[0], -direction[1], direction[2]];
  const distance = hit(scene, start, upward);
  if (distance === Infinity) return paper;
  const point = along(start, upward, distance);
  const strength = 0.22 * exp(-1.9 * point[1]);
  return strength < 0.02 ? paper : mixed(paper, objectColour(scene, studio, point, upward), strength);
}

/** Paper that rises behind the object, lighter where the lamp reaches it. */
function backdrop(studio: Studio, direction: Vector): Vector {
  const height = smooth(-0.2, 0.55, direction[1]);
  return times(studio.paper, mixed([0.95, 0.94, 0.93], [0.5, 0.53, 0.59], height));
}

/** What a polished object mirrors: a square lamp, a long one at the side, the room. */
function surroundings(studio: Studio, direction: Vector): Vector {
  const room =
    direction[1] < 0
      ? scaled(studio.paper, mix(0.42, 0.8, smooth(0, -0.9, direction[1])))
      : mixed(scaled(studio.paper, 0.2), SKY, smooth(-0.1, 0.8, direction[1]));
  const front = dot(direction, studio.lamp);
  let square = 0;
  if (front > 0.2) {
    const x = abs(dot(direction, studio.lampRight)) / front;
    const y = abs(dot(direction, studio.lampUp)) / front;
    square = smooth(0.34, 0.28, x) * smooth(0.34, 0.28, y);
  }
  const side = dot(direction, studio.strip);
  const long = smooth(0.93, 0.975, side) * smooth(0.95, 0.55, abs(direction[1]));
  return add(room, [square * 7 + long * 2, square * 6.8 + long * 2.05, square * 6.3 + long * 2.2]);
}
