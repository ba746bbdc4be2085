import { createHttpPost, type HttpPostDeps } from '../../activities/tasks/http-post.ts';
import type { TaskInput } from '../../activities/tasks/task.ts';
import { createPostbackAgent, type Resolve } from '../../lib/postback/agent.ts';
import { createPost } from '../../lib/postback/post.ts';
import { createFileStore } from '../../lib/results/file-store.ts';

import { aFolder, aStagedFile } from './a-staged-file.ts';
import { aKey, patient } from './result-store-promises.ts';

const folder = aFolder();
/** Where the pictures of this test file are staged. */
export const store = createFileStore({ root: folder });
const agents: { close(): Promise<void> }[] = [];
afterAll(() => Promise.all(agents.map((agent) => agent.close())));

export interface HttpPostSettings {
  followRedirects?: boolean;
  verifySsl?: boolean;
  allowPostbacks?: string[];
  signingSecret?: string;
  resolve?: Resolve;
}

/** The activity, with a connection of its own to the servers of a test. */
export function anHttpPost({
  followRedirects = false,
  verifySsl = true,
  allowPostbacks = [],
  ...settings
}: HttpPostSettings = {}) {
  const agent = createPostbackAgent({ verifySsl, ...(settings.resolve && { resolve: settings.resolve }) });
  agents.push(agent);
  const deps: HttpPostDeps = {
    store,
    post: createPost({ agent, allowPostbacks, followRedirects }),
    verifySsl,
    signingSecret: settings.signingSecret,
    rules: { allowBuckets: [], allowPostbacks, resultStore: store.location, userTasks: new Map() },
    mimeExtensions: new Map(),
  };
  return createHttpPost(deps).http_post;
}

/** A staged picture that is to be sent to this address. */
export async function aPicture(
  uri: string,
  config: object = {},
  content: string | Buffer = 'a picture',
): Promise<TaskInput> {
  const key = aKey();
  return {
    task: { name: 'http_post', config: { postback_uri: uri, ...config } },
    index: 1,
    step: '0',
    result: await store.put(key, aStagedFile(folder, content), patient()),
    variables: { message_id: 'm-1', job_id: 'chair-1', queue_name: 'renders', command: 'render_product' },
  };
}
