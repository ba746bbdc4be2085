/** The query of a presigned address: whoever has it can read the object. Also inside another address, or escaped. */
const SIGNED = /(?:\?|%3F|\\u003f)[^\s"'<>`]*?X-Amz-(?:Signature|Credential|Security-Token)[^\s"'<>`]*/gi;

/** A text without the part of presigned addresses that opens them. */
export const withoutSignatures = (text: string): string => text.replace(SIGNED, '?…');

/** The same error, its messages and those of its causes without it. */
export function cutSignatures(error: unknown): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    cause.message = withoutSignatures(cause.message);
    if (cause.stack !== undefined) cause.stack = withoutSignatures(cause.stack);
  }
  return error;
}
