/**
 * How long one step of a workflow may compute. The SDK breaks a longer one off, and when that falls between two promises
 * Node ends the whole process: "async hook stack has become corrupted". The SDK's own five seconds pass for a chain of
 * thousands of commands where the machine has other work; a loop that never ends is told by the chains' own guard. The
 * SDK reads this option, but its types do not show it.
 */
export const STEP_LIMIT: object = { isolateExecutionTimeout: '1 minute' };
