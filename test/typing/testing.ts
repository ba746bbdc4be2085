/** What must not compile in a test of a chain; see chains.ts. */
import { command, type ChainJob, type Result } from 'durable-queue-manager/chains';
import { runChain, type CommandFake } from 'durable-queue-manager/testing';

async function turntable({ parameters }: ChainJob<{ scene: string; frames: number }>) {
  return { sheet: await command('contact_sheet', parameters), frames: parameters.frames };
}

const parameters = { scene: 'chair.mi', frames: 4 };
const commands = { contact_sheet: () => new Uint8Array() };

export async function parametersFitTheChain() {
  // @ts-expect-error frames are missing
  await runChain(turntable, { parameters: { scene: 'chair.mi' }, commands });
  // @ts-expect-error a number
  await runChain(turntable, { parameters: { ...parameters, frames: '4' }, commands });
  // @ts-expect-error no such parameter
  await runChain(turntable, { parameters: { ...parameters, angle: 90 }, commands });
  // @ts-expect-error nothing says what its commands give
  await runChain(turntable, { parameters });
  // @ts-expect-error no chain
  await runChain('turntable', { parameters, commands });
}

export async function resultsAreThoseOfTheChain() {
  const { result, bytesOf } = await runChain(turntable, { parameters, commands });
  result satisfies { sheet: Result; frames: number };
  // @ts-expect-error the chain gives no such thing
  result.pictures satisfies unknown;
  // @ts-expect-error no result of a command
  bytesOf(result.frames);
}

export async function answersAreWhatCommandsAndPeopleGive() {
  // @ts-expect-error no JSON
  (() => new Date()) satisfies CommandFake;
  // @ts-expect-error no JSON
  await runChain(turntable, { parameters, commands: { contact_sheet: () => new Map<string, string>() } });
  // @ts-expect-error approved or declined
  await runChain(turntable, { parameters, commands, approve: () => 'yes' });
  // @ts-expect-error a note comes with a decision
  await runChain(turntable, { parameters, commands, approve: () => ({ note: 'lighter' }) });
  await runChain(turntable, {
    parameters,
    commands,
    approve: ({ who }) => (who === 'client' ? 'approved' : undefined),
  });
}
