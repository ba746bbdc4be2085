import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';

import type { AwsClientConfig, AwsConfig } from './config/config.ts';

/** What both clients take. Without a region of the file, the AWS chain says which: environment, then profile. */
const clientOptions = ({ region, endpoint, profile, credentials }: AwsClientConfig) => ({
  ...(region !== undefined && { region }),
  ...(endpoint !== undefined && { endpoint }),
  credentials: credentials ?? fromNodeProviderChain(profile === undefined ? {} : { profile }),
});

/** A server that hangs is as good as away; a long poll of SQS is silent for 20 s. */
const LIMITS = { requestHandler: { connectionTimeout: 10_000, socketTimeout: 60_000 } };

/** Throttling slows the caller down instead of failing it. */
const RETRIES = { retryMode: 'adaptive', maxAttempts: 5 } as const;

export const createSqs = ({ sqs }: AwsConfig): SQSClient =>
  new SQSClient({ ...clientOptions(sqs), ...LIMITS, ...RETRIES });

/** `region`: a task may name the region of its bucket. */
export const createS3 = ({ s3 }: AwsConfig, region?: string): S3Client =>
  new S3Client({
    ...clientOptions(region === undefined ? s3 : { ...s3, region }),
    ...LIMITS,
    ...RETRIES,
    forcePathStyle: s3.pathStyle,
    // Checksums in trailers are what several S3-compatible stores do not understand.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
