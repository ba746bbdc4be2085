import type { Command } from 'commander';

export const completionCommand = (program: Command): Command =>
  program
    .command('completion <shell>')
    .description('prints the completion script of bash, zsh or fish')
    .addHelpText('after', '\nExamples:\n  $ source <(dqm completion bash)\n  $ dqm completion fish | source')
    .action(async (shell: string) => {
      process.stdout.write((await import('../completion.ts')).completion(shell));
    });
