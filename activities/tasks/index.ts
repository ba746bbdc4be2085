import { createHttpPost, type HttpPostDeps } from './http-post.ts';
import { createS3Upload, type S3UploadDeps } from './s3-upload.ts';

export type TaskDeps = S3UploadDeps & HttpPostDeps;

/** The activity of each completion task, by the task's name. */
export const createTaskActivities = (deps: TaskDeps) => ({ ...createS3Upload(deps), ...createHttpPost(deps) });

export type TaskActivities = ReturnType<typeof createTaskActivities>;
