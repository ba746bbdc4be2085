import { Session, type Debugger, type InspectorNotification, type Runtime } from 'node:inspector';
import { fileURLToPath } from 'node:url';

/** Where a function was written: a test gives a chain as a function, and its module goes into the sandbox. */
export interface FunctionPlace {
  file: string;
  /** Another one when the module was loaded anew, as test runners that watch files do. */
  script: string;
}

/** Asks V8, which knows it of each function. */
export function placeOf(chain: (...parts: never[]) => unknown): FunctionPlace {
  const session = new Session();
  session.connect();
  const urls = new Map<string, string>();
  const contexts: number[] = [];
  session.on(
    'Debugger.scriptParsed',
    ({ params }: InspectorNotification<Debugger.ScriptParsedEventDataType>) =>
      void urls.set(params.scriptId, params.url),
  );
  session.on(
    'Runtime.executionContextCreated',
    ({ params }: InspectorNotification<Runtime.ExecutionContextCreatedEventDataType>) =>
      void contexts.push(params.context.id),
  );
  try {
    session.post('Runtime.enable');
    session.post('Debugger.enable');
    const script = scriptOf(chain, contexts, session);
    const url = script === undefined ? undefined : urls.get(script);
    if (script === undefined || !url) throw new Error(`cannot tell which file the function ${chain.name} stands in`);
    return { file: url.startsWith('file:') ? fileURLToPath(url.replace(/[?#].*$/, '')) : url, script };
  } finally {
    session.disconnect();
  }
}

/** Test runners give each file a global object of its own: ours is one of `contexts`, others may be gone by now. */
function scriptOf(chain: unknown, contexts: readonly number[], session: Session): string | undefined {
  const name = 'durable-queue-manager/testing';
  const held = Symbol.for(name);
  const expression = `globalThis[Symbol.for(${JSON.stringify(name)})]`;
  Object.assign(globalThis, { [held]: chain });
  try {
    for (const contextId of contexts) {
      const found = ask(session, 'Runtime.evaluate', { expression, contextId }) as Found;
      const objectId = found?.result.objectId;
      if (objectId === undefined) continue;
      const inner = ask(session, 'Runtime.getProperties', { objectId }) as Inner;
      const location = inner?.internalProperties?.find((property) => property.name === '[[FunctionLocation]]')?.value;
      return (location?.value as Debugger.Location | undefined)?.scriptId;
    }
    return undefined;
  } finally {
    Reflect.deleteProperty(globalThis, held);
  }
}

type Found = Runtime.EvaluateReturnType | undefined;
type Inner = Runtime.GetPropertiesReturnType | undefined;

/** A session of the same thread answers before `post` returns; undefined: it could not. */
function ask(session: Session, method: string, params: object): unknown {
  let answer: unknown;
  session.post(method, params, (error, result) => {
    if (!error) answer = result;
  });
  return answer;
}
