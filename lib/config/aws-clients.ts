import { httpUrl } from './addresses.ts';
import type { AwsClientConfig, AwsConfig } from './config.ts';
import type { Notes } from './notice.ts';
import { createSection, type Reading, type Section } from './section.ts';
import { onOff, secret, text } from './values.ts';

type AwsSection = Section<'aws'> | Section<'s3'> | Section<'sqs'>;

/** `s3` and `sqs` each: what stands in `aws`, under what their own containers say. */
export function awsClients(aws: Section<'aws'>, reading: Reading): AwsConfig {
  const s3 = createSection('s3', aws.nested('s3'), reading, aws.place);
  const sqs = createSection('sqs', aws.nested('sqs'), reading, aws.place);
  const common = clientOf(aws, reading.notes);
  return {
    s3: { ...merged(common, clientOf(s3, reading.notes)), pathStyle: s3.one('path_style', onOff) ?? false },
    sqs: merged(common, clientOf(sqs, reading.notes)),
  };
}

/** Profile and keys are one thing: a container that names either takes neither from outside. */
function merged({ profile, credentials, ...common }: AwsClientConfig, own: AwsClientConfig): AwsClientConfig {
  if (own.profile !== undefined || own.credentials) return { ...common, ...own };
  return { ...common, ...own, ...(profile !== undefined && { profile }), ...(credentials && { credentials }) };
}

function clientOf(section: AwsSection, notes: Notes): AwsClientConfig {
  const region = section.one('region', text)?.trim();
  const endpoint = section.one('endpoint', httpUrl);
  const profile = section.one('profile', text);
  const credentials = credentialsOf(section, notes);
  return {
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(profile !== undefined && { profile }),
    ...(credentials && { credentials }),
  };
}

function credentialsOf(section: AwsSection, notes: Notes): AwsClientConfig['credentials'] {
  const accessKeyId = section.one('access_key_id', secret);
  const secretAccessKey = section.one('secret_access_key', secret);
  const sessionToken = section.one('session_token', secret);
  const stated = (['access_key_id', 'secret_access_key', 'session_token'] as const).flatMap(
    (name) => section.placeOf(name) ?? [],
  );
  const [first] = stated;
  if (!first) return undefined;
  if (section.placeOf('profile')) notes.mistake(first, 'access keys and profile exclude each other');
  if (!section.placeOf('access_key_id') || !section.placeOf('secret_access_key')) {
    notes.mistake(first, 'access_key_id and secret_access_key belong together, session_token only to both');
  }
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}
