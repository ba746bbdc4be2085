/** What a test of a chain waits for, in this process: prints milliseconds as JSON. */
const began = performance.now();
const { closeTestEngine, runChain } = await import('../../testing/index.ts');
const { steps } = await import('./chains.ts');

async function test(): Promise<number> {
  const start = performance.now();
  await runChain(steps, { parameters: { steps: 2 }, commands: { echo: () => null } });
  return performance.now() - start;
}

const importMs = performance.now() - began;
const firstMs = await test();
const furtherMs = await test();
process.stdout.write(JSON.stringify({ importMs, firstMs, furtherMs }));
await closeTestEngine();
process.exit();
