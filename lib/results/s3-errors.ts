/** What tells errors of S3 apart: a code where a body came with it, always the status. */
export interface S3Error {
  name: string;
  message: string;
  /** Undefined when nothing answered. */
  status: number | undefined;
}

export function s3ErrorOf(error: unknown): S3Error {
  const { name = 'Error', message = '', code, $metadata } = (error ?? {}) as SdkError;
  const status = $metadata?.httpStatusCode;
  // An error of the connection has its cause in `code`.
  return { name: status === undefined && code !== undefined ? code : name, message, status };
}

interface SdkError {
  name?: string;
  message?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

/** No such object. A missing bucket or upload has a name of its own, except for HEAD requests, whose answers have no body. */
export const isMissingObject = (error: unknown): boolean => {
  const { name, status } = s3ErrorOf(error);
  return (
    name === 'NoSuchKey' || name === 'NotFound' || (status === 404 && !['NoSuchBucket', 'NoSuchUpload'].includes(name))
  );
};

/** What calls itself S3 and is not AWS's may lack a call, or a condition of one. */
export const isNotImplemented = (error: unknown): boolean => s3ErrorOf(error).status === 501;

/** `NoSuchBucket: The specified bucket does not exist`, without saying one thing twice. */
export function s3ErrorText(error: unknown): string {
  const { name, message } = s3ErrorOf(error);
  return message === '' || message === name || message === 'UnknownError' ? name : `${name}: ${message}`;
}
