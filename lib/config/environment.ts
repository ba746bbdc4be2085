/** The one place that reads it: everything else is given what it needs. */
export const environment = (): NodeJS.ProcessEnv => process.env;

/** The AWS SDK tells the users of every program what only its packager can change: Node's version. */
export function silenceAwsNotice(): void {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
}
