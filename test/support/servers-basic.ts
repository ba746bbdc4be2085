import { startTestServers } from './servers-start.ts';

/** Jest's globalSetup of tests that need no RabbitMQ, which takes seconds to start. */
export default (): Promise<void> => startTestServers(['engine', 'workflows', 'emulator']);
