import { startTestServers } from './servers-start.ts';

/** Jest's globalSetup of tests that need every server. */
export default (): Promise<void> => startTestServers(['engine', 'workflows', 'emulator', 'rabbitMq']);
