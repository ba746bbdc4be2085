import { distanceTo } from '../../../simulator/render/march.ts';
import { SCENE_NAMES, sceneNamed } from '../../../simulator/render/scenes.ts';

const TINT = [0.5, 0.4, 0.3] as const;

/** Evenly spread on a ball around the middle of a scene. */
function pointsAround(middle: number, radius: number, count: number): [number, number, number][] {
  return Array.from({ length: count }, (_, index) => {
    const height = 1 - (2 * index + 1) / count;
    const ring = Math.sqrt(1 - height * height);
    const angle = index * Math.PI * (3 - Math.sqrt(5));
    return [Math.cos(angle) * ring * radius, middle + height * radius, Math.sin(angle) * ring * radius];
  });
}

test.each(SCENE_NAMES)('%s lies inside its ball: nothing of it is cut off', (name) => {
  const scene = sceneNamed(name, TINT);
  for (const [x, y, z] of pointsAround(scene.middle, scene.radius, 4_000)) {
    expect(distanceTo(scene, x, y, z)).toBeGreaterThan(0);
  }
});

test.each(SCENE_NAMES)('%s stands on the floor', (name) => {
  const scene = sceneNamed(name, TINT);
  let lowest = Infinity;
  for (let x = -1.6; x <= 1.6; x += 0.02) {
    for (let z = -1.6; z <= 1.6; z += 0.02) lowest = Math.min(lowest, distanceTo(scene, x, 0, z));
  }
  expect(Math.abs(lowest)).toBeLessThan(0.05);
});

const looks = (name: string): string => {
  const { middle, radius, parts } = sceneNamed(name, undefined);
  return JSON.stringify([middle, radius, parts.map(({ material }) => material)]);
};

test('a file of a scene is the scene', () => {
  expect(looks('scenes/Chair.mi')).toBe(looks('chair'));
});

test('a name that stands for nothing gets a look of its own, always the same', () => {
  const names = ['spaceship.mi', 'teapot', 'toString', '__proto__', '', 'übergrößenträger'];
  expect(new Set(names.map(looks)).size).toBe(names.length);
  expect(names.map(looks)).toEqual(names.map(looks));
});
