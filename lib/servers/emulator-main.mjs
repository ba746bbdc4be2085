// A process of its own: it is ESM only, and what it does must not slow down the program under test.
import { buildApp } from 'fauxqs';

// startFauxqs would listen on every interface.
const app = buildApp({ logger: false });
const address = await app.listen({ port: Number(process.argv[2] ?? 0), host: '127.0.0.1' });
console.log(`listening on ${address}`);
