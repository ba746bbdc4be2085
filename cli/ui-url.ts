import type { Config } from '../lib/config/config.ts';
import { runningEngine } from '../lib/engine/address-file.ts';

/** `temporal_ui_url`, else the embedded engine's own when it is the one that is used. */
export async function uiUrlOf({ dqm }: Config, engineAddress: string): Promise<string | null> {
  if (dqm.temporalUiUrl !== undefined) return dqm.temporalUiUrl;
  const engine = await runningEngine(dqm.dataFolder);
  return engine?.address === engineAddress ? engine.uiUrl : null;
}
