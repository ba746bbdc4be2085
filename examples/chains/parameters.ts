import { z } from 'zod';

const width = z.int().min(16).max(4096);
const channel = z.number().min(0).max(1);

export const turntable = z.object({ scene: z.string(), frames: z.int().min(1).max(720), width });

export const variants = z.object({
  scene: z.string(),
  width,
  colours: z.record(z.string(), z.object({ r: channel, g: channel, b: channel })),
  angles: z.array(z.number()).min(1).max(100),
});

export const tiles = z.object({ scene: z.string(), width, height: width, tile: z.int().min(16) });

export const denoise_then_deliver = z.object({ scene: z.string(), width });
