import type { BesideFuzz } from './beside-fuzz.ts';
import type { Load } from './load.ts';

interface Memory {
  beforeMb: number;
  mostMb: number;
}

export interface GatewayResults {
  passThrough: Record<'direct' | 'proxy' | 'gateway', Load>;
  submitSqs: Record<'send' | 'server' | 'gateway' | 'array', Load>;
  submitAmqp: GatewayResults['submitSqs'];
  besideFuzz: BesideFuzz;
  gigabyte: Memory;
  webSockets: Memory;
}

/** Markdown, as it stands in docs/gateway.md: each figure beside its rival's, and what it must be. */
export function gatewayTable(results: GatewayResults): string {
  const { passThrough, submitSqs, submitAmqp, besideFuzz, gigabyte, webSockets } = results;
  const { direct, proxy, gateway } = passThrough;
  const rows = [
    ['figure; rival', 'gateway', 'rival', '', 'must be'],
    ['---', '---', '---', '---', '---'],
    rates('requests that pass /s; a plain proxy', gateway, proxy, 'at least 0.8'),
    ['one that passes, p50 ms; direct', ms(gateway.p50Ms), ms(direct.p50Ms), plus(gateway, direct), 'at most + 2 ms'],
    ...submits('SQS', submitSqs),
    ...submits('AMQP', submitAmqp),
    [
      'p95 ms beside broken requests; beside as many good ones',
      ms(besideFuzz.besideBrokenP95Ms),
      ms(besideFuzz.besideGoodP95Ms),
      times(besideFuzz.besideBrokenP95Ms, besideFuzz.besideGoodP95Ms),
      'at most 2',
    ],
    [
      'p95 ms beside broken requests; alone',
      ms(besideFuzz.besideBrokenP95Ms),
      ms(besideFuzz.aloneP95Ms),
      times(besideFuzz.besideBrokenP95Ms, besideFuzz.aloneP95Ms),
      '',
    ],
    memory('MB at most in a result of 1 GB; before', gigabyte),
    memory('MB at most with 500 idle and 50 busy WebSockets; before', webSockets),
  ];
  return `${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`;
}

const submits = (broker: string, { send, server, gateway, array }: GatewayResults['submitSqs']): string[][] => [
  rates(`submits to ${broker} /s; a plain send`, gateway, send, 'at least 0.8'),
  rates(`submits to ${broker} /s, 16 in a request; a plain send`, array, send, 'at least 0.8'),
  rates(`submits to ${broker} /s; a server that only sends`, gateway, server, ''),
  [`one submit to ${broker}, p50 ms; a plain send`, ms(gateway.p50Ms), ms(send.p50Ms), plus(gateway, send), ''],
];

const rates = (what: string, ours: Load, theirs: Load, limit: string): string[] => [
  what,
  String(ours.perSecond),
  String(theirs.perSecond),
  times(ours.perSecond, theirs.perSecond),
  limit,
];

const memory = (what: string, { beforeMb, mostMb }: Memory): string[] => [
  what,
  String(mostMb),
  String(beforeMb),
  `+ ${mostMb - beforeMb} MB`,
  'flat',
];

const ms = (value = Number.NaN): string => value.toFixed(2);
const times = (ours = Number.NaN, theirs = Number.NaN): string => (ours / theirs).toFixed(2);
const plus = (ours: Load, theirs: Load): string => `+ ${(ours.p50Ms - theirs.p50Ms).toFixed(2)} ms`;
