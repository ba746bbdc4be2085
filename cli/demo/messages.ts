import { BUSY_PATH, CLOSED_PATH, DOWN_PATH } from './receiver.ts';

/** One message of the demo, as any producer would put it into a queue. */
export interface DemoMessage {
  /** What it shows, for people. */
  title: string;
  /** `gateway`: by the vendor's own client, as a command of RealityServer. */
  way: 'sqs' | 'amqp' | 'gateway';
  body: string;
}

export const BUCKET = 'results';

const SIZE = { width: 480, height: 270 };

const PICTURES: readonly { scene: string; way: DemoMessage['way']; tint: [number, number, number] }[] = [
  { scene: 'chair.mi', way: 'sqs', tint: [1.0, 0.35, 0.2] },
  { scene: 'torus', way: 'amqp', tint: [0.25, 0.55, 1.0] },
  { scene: 'knot', way: 'sqs', tint: [0.95, 0.75, 0.2] },
  { scene: 'sphere', way: 'amqp', tint: [0.3, 0.85, 0.5] },
  { scene: 'lamp.mi', way: 'sqs', tint: [0.8, 0.4, 0.9] },
  { scene: 'table.mi', way: 'amqp', tint: [0.9, 0.9, 0.85] },
  { scene: 'vase.mi', way: 'gateway', tint: [0.2, 0.8, 0.85] },
];

/** A picture for S3 and for a path of the web server. */
const pictureFor = (
  webServer: string,
  { scene, way, tint: [r, g, b] }: (typeof PICTURES)[number],
  path: string,
  title: string,
): DemoMessage => ({
  title,
  way,
  body: JSON.stringify({
    command: 'render_product',
    parameters: { scene, ...SIZE, tint: { r, g, b } },
    tasks: [
      { name: 's3_upload', config: { bucket: BUCKET, key: `pictures/${nameOf(scene)}-\${message_id}.\${mime_ext}` } },
      { name: 'http_post', config: { postback_uri: `${webServer}${path}\${message_id}.\${mime_ext}` } },
    ],
  }),
});

/** Ten documented jobs: seven go through, one meets a busy web server, one is no job, one names a task nobody knows. */
export function demoMessages(webServer: string): DemoMessage[] {
  const picture = (which: (typeof PICTURES)[number], path: string, title: string): DemoMessage =>
    pictureFor(webServer, which, path, title);
  return [
    ...PICTURES.map((each) => picture(each, 'store/', nameOf(each.scene))),
    picture({ scene: 'knot', way: 'amqp', tint: [1, 0.5, 0.7] }, BUSY_PATH, 'web server busy twice'),
    { title: 'no job at all', way: 'sqs', body: '{ "comand": "render_product" }' },
    {
      title: 'a task nobody knows',
      way: 'amqp',
      body: JSON.stringify({ command: 'render_product', parameters: SIZE, tasks: [{ name: 'fax_it', config: {} }] }),
    },
  ];
}

/** Two whose deliveries a person has to see to: the first path is not there yet, the second never answers well. */
export const steeredMessages = (webServer: string): DemoMessage[] => [
  pictureFor(webServer, { scene: 'knot', way: 'sqs', tint: [0.9, 0.5, 0.2] }, CLOSED_PATH, 'web server mended'),
  pictureFor(webServer, { scene: 'torus', way: 'sqs', tint: [0.6, 0.6, 1] }, DOWN_PATH, 'web server down'),
];

const nameOf = (scene: string): string => scene.replace(/\.mi$/, '');
