import { dynamicConfigFlags } from '../../../../lib/engine/dynamic-config.ts';

test.each([
  'history.transferProcessorMaxPollRPS=5000',
  'history.timerProcessorMaxPollRPS=5000',
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  'matching.enableFairness=true',
  'history.maximumBufferedEventsBatch=2000',
])('the embedded engine is started with %s', (setting) => {
  const flags = dynamicConfigFlags();
  expect(flags[flags.indexOf(setting) - 1]).toBe('--dynamic-config-value');
});
