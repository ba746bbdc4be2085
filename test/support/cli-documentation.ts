import { dqm } from './dqm-process.ts';
import { JSON_LINES } from './json-lines.ts';

const INTRODUCTION = `# The command line

What \`dqm --help\` and \`dqm COMMAND --help\` say, and what each command prints with \`--json\`. The ten commands for the
night are in [on-call.md](on-call.md).

Every command takes \`--config FILE\` (default \`./realityserver.conf\`) and \`--json\`: JSON lines on standard output and
nothing else there. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.

\`ID\` is a workflow id, its identity part (the job id, or the broker's message id), or the beginning of either while only
one job begins so. An id that begins with a dash stands behind \`--\`: \`dqm job -- -chair\`.

\`source <(dqm completion bash)\` (or \`zsh\`; \`dqm completion fish | source\`) completes commands, options, queues and the
ids that were shown last; a Tab has the newest jobs looked up for the next one.

Colour is used on a terminal only, and never with \`NO_COLOR\`. Times for people are relative, in JSON they are ISO 8601.
`;

/** The whole of `docs/cli.md`, from the program itself and the shapes of its JSON. */
export async function cliDocumentation(): Promise<string> {
  const sections: string[] = [];
  for (const command of await commandsUnder([])) sections.push(await sectionOf(command));
  return [INTRODUCTION, ...sections].join('\n');
}

async function commandsUnder(parent: string[]): Promise<string[][]> {
  const { stdout } = await dqm([...parent, '--help']);
  const names = [...partOf(stdout, 'Commands').matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name]) => name ?? '');
  const own = names.filter((name) => name !== 'help');
  const found = await Promise.all(
    own.map(async (name): Promise<string[][]> => {
      const under = await commandsUnder([...parent, name]);
      return under.length > 0 ? under : [[...parent, name]];
    }),
  );
  return found.flat();
}

async function sectionOf(command: string[]): Promise<string> {
  const { stdout } = await dqm([...command, '--help']);
  const [, usage = ''] = /^Usage: (.*)$/m.exec(stdout) ?? [];
  const description = stdout.split('\n\n')[1] ?? '';
  const examples = [...partOf(stdout, 'Examples').matchAll(/^ {2}\$ (.*)$/gm)].map(([, example]) => example);
  return [
    `## \`${usage.replace(' [options]', '')}\`\n`,
    `${sentence(joined(description))}\n`,
    table('option', optionsOf(stdout)),
    examples.length > 0 ? `\`\`\`\n${examples.join('\n')}\n\`\`\`\n` : '',
    jsonTable(command.join(' ')),
  ]
    .filter(Boolean)
    .join('\n');
}

/** The lines under a heading of the help. */
function partOf(help: string, heading: string): string {
  const [, part = ''] = help.split(new RegExp(`^${heading}:$`, 'm'));
  return part.split(/^\S.*:$/m)[0] ?? '';
}

const COMMON = /^(--config|--json|-h, --help|-V, --version)/;

function optionsOf(help: string): [string, string][] {
  const entries = partOf(help, 'Options').split(/\n(?= {2}-)/);
  return entries
    .map((entry) => /^\s*(-.*?)(?: {2,}|\n\s+)([^]*)$/.exec(entry))
    .flatMap((match): [string, string][] => (match ? [[match[1] ?? '', joined(match[2] ?? '')]] : []))
    .filter(([option]) => !COMMON.test(option));
}

const joined = (text: string): string => text.trim().replace(/\s*\n\s*/g, ' ');

const sentence = (text: string): string => `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}.`;

function jsonTable(command: string): string {
  const { line } = JSON_LINES[command] ?? {};
  const [first = command] = Object.keys(JSON_LINES).filter((each) => JSON_LINES[each]?.line === line);
  if (line && first !== command) return `Its JSON lines are those of \`dqm ${first}\`.\n`;
  const fields = Object.entries(line?.shape ?? {}).map(([name, schema]): [string, string] => [
    name,
    schema.description ?? '',
  ]);
  return table('field of a JSON line', fields);
}

const table = (title: string, rows: [string, string][]): string =>
  rows.length === 0
    ? ''
    : [
        `| ${title} | |`,
        '| --- | --- |',
        ...rows.map(([name, text]) => `| \`${name}\` | ${text.replaceAll('|', '\\|')} |`),
        '',
      ].join('\n');
