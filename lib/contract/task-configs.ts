import type { z } from 'zod';

import type { ResultStoreConfig } from '../config/config.ts';

import type { TaskSpec } from './job-input.ts';
import { firstIssue, issueText, type Schema } from './schema.ts';
import { httpPostMistake, httpPostSchema } from './http-post-config.ts';
import { s3UploadMistake, s3UploadSchema } from './s3-upload-config.ts';
import type { Stage } from './task-values.ts';
import { checkUserTask } from './user-task-config.ts';
import { fillTemplates, unknownVariable, type TemplateVariables } from './templates.ts';

/** What an operator allows tasks to reach. */
export interface TaskRules {
  /** Empty = any. */
  allowBuckets: readonly string[];
  /** Host patterns; empty = any. */
  allowPostbacks: readonly string[];
  /** No task may write into it. */
  resultStore: ResultStoreConfig;
  /** The schemas of the user's own tasks, by name. */
  userTasks: ReadonlyMap<string, { config: Schema }>;
}

const schemasOf = (stage: Stage) => ({ s3_upload: s3UploadSchema(stage), http_post: httpPostSchema(stage) });
const SCHEMAS = { unfilled: schemasOf('unfilled'), filled: schemasOf('filled') };

export type TaskName = keyof (typeof SCHEMAS)['filled'];
export const BUILT_IN_TASKS: readonly string[] = Object.keys(SCHEMAS.filled);
export type TaskConfig<Name extends TaskName> = z.output<(typeof SCHEMAS)['filled'][Name]>;

/**
 * What is wrong with a task as it stands in a message, `tasks[1].config.bucket: …` for the path `tasks[1]`; undefined
 * when nothing is. A value that holds a template is checked as far as it can be before the template is filled.
 */
export function checkTask({ name, config }: TaskSpec, path: string, rules: TaskRules): string | undefined {
  const own = rules.userTasks.get(name);
  if (!own && !isTaskName(name)) {
    const known = [...BUILT_IN_TASKS, ...rules.userTasks.keys()];
    return `${path}.name: unknown task ${quoted(name)}, known are ${known.join(', ')}`;
  }
  const unknown = unknownVariable(config, `${path}.config`);
  if (unknown) return `${unknown.path}: unknown variable ${quoted(`\${${unknown.name}}`)}`;
  const checked = own
    ? checkUserTask(own.config, config, 'unfilled')
    : check(name as TaskName, config, 'unfilled', rules);
  return 'mistake' in checked ? `${path}.config${checked.mistake}` : undefined;
}

/** The config to work with. Throws `InvalidTaskConfig` for what only the filled values show. */
export function readTaskConfig<Name extends TaskName>(
  name: Name,
  task: TaskSpec,
  variables: TemplateVariables,
  rules: TaskRules,
): TaskConfig<Name> {
  const checked = check(name, fillTemplates(task.config, variables), 'filled', rules);
  if ('mistake' in checked) throw new InvalidTaskConfig(`config${checked.mistake}`);
  return checked.config as TaskConfig<Name>;
}

/** The config of a user's own task, as its schema gives it. Throws `InvalidTaskConfig`. */
export function readUserTaskConfig(schema: Schema, { config }: TaskSpec, variables: TemplateVariables): unknown {
  const checked = checkUserTask(schema, fillTemplates(config, variables), 'filled');
  if ('mistake' in checked) throw new InvalidTaskConfig(`config${checked.mistake}`);
  return checked.config;
}

export class InvalidTaskConfig extends Error {
  override readonly name = 'InvalidTaskConfig';
}

const isTaskName = (name: string): name is TaskName => Object.hasOwn(SCHEMAS.filled, name);

type Checked = { config: unknown } | { mistake: string };

function check(name: TaskName, config: object, stage: Stage, rules: TaskRules): Checked {
  switch (name) {
    case 's3_upload':
      return judged(SCHEMAS[stage][name].safeParse(config), (read) => s3UploadMistake(read, stage, rules));
    case 'http_post':
      return judged(SCHEMAS[stage][name].safeParse(config), (read) => httpPostMistake(read, stage, rules));
    default:
      return name satisfies never;
  }
}

/** First the fields, then what the operator's rules say of them. A mistake reads `.field: …`. */
function judged<Config extends object>(
  read: z.ZodSafeParseResult<Config>,
  ruleMistake: (config: Config) => string | undefined,
): Checked {
  if (read.success) {
    const mistake = ruleMistake(read.data);
    return mistake === undefined ? { config: read.data } : { mistake };
  }
  return { mistake: issueText(firstIssue(read.error)) };
}

const QUOTED_LENGTH = 60;

const quoted = (text: string): string =>
  JSON.stringify(text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}…` : text);
