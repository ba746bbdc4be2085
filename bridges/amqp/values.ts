import type { BrokerValue } from '../../lib/contract/job-input.ts';

/** amqplib's form of what JavaScript has no type for. */
interface Tagged {
  '!': string;
  value: unknown;
}

/** A table as amqplib decodes it, in a form that survives JSON. Undefined values are those that are not there. */
export const typedValues = (values: object): Record<string, BrokerValue> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]): [string, BrokerValue][] =>
      value === undefined ? [] : [[name, typedValue(value)]],
    ),
  );

export function typedValue(value: unknown): BrokerValue {
  if (value === null) return { type: 'null', value };
  if (typeof value === 'string' || typeof value === 'boolean') return { type: typeof value, value };
  if (typeof value === 'number') return typedNumber(value);
  if (Buffer.isBuffer(value)) return { type: 'binary', value: value.toString('base64') };
  if (Array.isArray(value)) return { type: 'array', value: value.map(typedValue) };
  if (isTagged(value)) return { type: value['!'], value: value.value };
  return { type: 'table', value: typedValues(value as object) };
}

/** amqplib gives a 64-bit integer as the nearest number: beyond 2^53 this is what it read, to the digit. */
function typedNumber(value: number): BrokerValue {
  if (Number.isSafeInteger(value)) return { type: 'integer', value };
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 63) return { type: 'integer', value: String(BigInt(value)) };
  return { type: 'double', value: Number.isFinite(value) ? value : String(value) };
}

export const untypedValues = (values: Record<string, BrokerValue>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, untypedValue(value)]));

/** As amqplib encodes it again. */
export function untypedValue({ type, value }: BrokerValue): unknown {
  switch (type) {
    case 'null':
    case 'string':
    case 'boolean':
      return value;
    case 'integer':
      return typeof value === 'string' ? { '!': 'int64', value } : value;
    case 'double':
      return { '!': 'double', value: Number(value) };
    case 'binary':
      return Buffer.from(String(value), 'base64');
    case 'array':
      return (value as BrokerValue[]).map(untypedValue);
    case 'table':
      return untypedValues(value as Record<string, BrokerValue>);
    default:
      return { '!': type, value };
  }
}

const isTagged = (value: unknown): value is Tagged =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, '!');
