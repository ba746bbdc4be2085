import { Service } from '@migenius/realityserver-client';
import { WebSocket } from 'ws';

/** The vendor's own client, unmodified, on the WebSocket of `url` (`http://host:port/`, `query` with its `?`); close it. */
export async function aVendorClient(url: string, query = ''): Promise<Service> {
  Service.websocket = WebSocket;
  const service = new Service();
  service.on('error', () => undefined);
  await service.connect(`${url.replace('http', 'ws')}service/${query}`);
  return service;
}
