import { Service } from '@migenius/realityserver-client';
import { WebSocket, type ClientOptions } from 'ws';

/** The vendor's own client, unmodified, on the WebSocket of `url` (`http://host:port/`, `query` with its `?`); close it. */
export async function aVendorClient(url: string, query = '', options: ClientOptions = {}): Promise<Service> {
  const service = new Service();
  service.on('error', () => undefined);
  await service.connect(new WebSocket(`${url.replace('http', 'ws')}service/${query}`, options));
  return service;
}
