import { stopTestServers } from './servers-start.ts';

/** Jest's globalTeardown. */
export default stopTestServers;
