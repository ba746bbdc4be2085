import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

/** The file that `temporal-compose.yml` mounts too. */
export const DYNAMIC_CONFIG_FILE = new URL('dynamic-config.yaml', import.meta.url);

const Settings = z.record(z.string(), z.tuple([z.strictObject({ value: z.json() })]));

/** As the dev server takes them: it reads no file. */
export function dynamicConfigFlags(): string[] {
  const settings = Settings.parse(parse(readFileSync(DYNAMIC_CONFIG_FILE, 'utf8')));
  return Object.entries(settings).flatMap(([key, [{ value }]]) => [
    '--dynamic-config-value',
    `${key}=${JSON.stringify(value)}`,
  ]);
}
