import ipaddr from 'ipaddr.js';

/** A request was not sent since its address may not be called: trying again cannot help. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

const METADATA_NAMES = new Set(['metadata', 'metadata.google.internal', 'instance-data', 'instance-data.ec2.internal']);

/** What clouds answer credentials at, beside their link-local addresses. */
const METADATA_NETWORKS = [
  'fd00:ec2::/32', // AWS
  'fd20:ce::254/128', // Google Cloud
  '100.100.100.200/32', // Alibaba Cloud
  '168.63.129.16/32', // Azure
  '192.0.0.192/32', // Oracle Cloud
].map((network) => ipaddr.parseCIDR(network));

/**
 * Why an address may not be called; undefined when it may, as far as it can be told before its name is resolved.
 * `allowed`: host patterns, `*` for any characters; none = any host.
 */
export function refusedUrl(url: URL, allowed: readonly string[]): string | undefined {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must be an http:// or https:// address';
  const host = url.hostname.replace(/\.$/, '');
  const address = host.replace(/^\[|\]$/g, '');
  if (METADATA_NAMES.has(host)) return `${host} is a cloud's metadata server`;
  const refused = ipaddr.isValid(address) ? refusedAddress(address) : undefined;
  if (refused !== undefined) return refused;
  if (allowed.length === 0 || allowed.some((pattern) => matches(host, pattern))) return undefined;
  return `${host} is not allowed by allow_postback`;
}

/** Why an IP address may not be connected to, whatever `allow_postback` says. Loopback and private networks may. */
export function refusedAddress(address: string): string | undefined {
  const parsed = ipaddr.parse(address);
  for (const candidate of [parsed, embedded(parsed)]) {
    if (candidate?.range() === 'linkLocal') return `${address} is a link-local address`;
    if (candidate && METADATA_NETWORKS.some((network) => isIn(candidate, network))) {
      return `${address} is a cloud's metadata server`;
    }
  }
  return undefined;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

const isIn = (address: Address, [network, bits]: [Address, number]): boolean =>
  address.kind() === network.kind() && address.match([network, bits] as never);

/** The IPv4 address that a gateway, or the system itself, would make of an IPv6 one. */
function embedded(address: Address): ipaddr.IPv4 | undefined {
  if (!(address instanceof ipaddr.IPv6)) return undefined;
  const bytes = address.toByteArray();
  const at = embeddedAt(address.range(), bytes);
  return at === undefined ? undefined : new ipaddr.IPv4(bytes.slice(at, at + 4));
}

function embeddedAt(range: string, bytes: number[]): number | undefined {
  // `::a.b.c.d`, long out of use, still has a range of its own nowhere.
  if (range === 'ipv4Mapped' || range === 'rfc6145' || range === 'rfc6052') return 12;
  if (range === '6to4') return 2;
  return bytes.slice(0, 12).every((byte) => byte === 0) ? 12 : undefined;
}

function matches(host: string, pattern: string): boolean {
  const expression = pattern
    .toLowerCase()
    .replace(/[.[\]\\^$+?(){}|]/g, '\\$&')
    .replaceAll('*', '.*');
  return new RegExp(`^${expression}$`).test(host);
}
