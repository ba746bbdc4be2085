import httpProxy from '@fastify/http-proxy';
import fastify from 'fastify';

/** What one would write without the gateway: everything passes, nothing is ours. */
const [upstream = ''] = process.argv.slice(2);
const app = fastify();
await app.register(httpProxy.default, { upstream });
console.log(JSON.stringify({ url: `${await app.listen({ port: 0, host: '127.0.0.1' })}/` }));
