import { setTimeout as wait } from 'node:timers/promises';
import { parseCommandLine, refuseOthers } from './arguments';
import { breakerCommands } from './breaker-commands';
import { clientCommands } from './client-commands';
import type { Command, CommandOutput, CommandTools } from './command';
import { dlqCommands } from './dlq/dlq-commands';
import { doctorCommands } from './doctor-commands';
import { CommandFailure, CommandUsageError, ProgramEnded } from './failure';
import { HELP } from './help';
import { jobCommands } from './job-commands';
import { readSecret } from './secrets/read-secret';
import { runProgram } from './secrets/run-program';
import { secretCommands } from './secrets/secret-commands';
import { spendCommands } from './spend/spend-commands';

export type { CommandOutput } from './command';

const COMMANDS: Readonly<Record<string, Command>> = {
  ...clientCommands,
  ...dlqCommands,
  ...breakerCommands,
  ...jobCommands,
  ...secretCommands,
  ...spendCommands,
  ...doctorCommands,
};

const SYSTEM_TOOLS: CommandTools = {
  now: () => Date.now(),
  sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
  signal: new AbortController().signal,
  readSecret: (isMany) => readSecret(isMany, process.stdin, process.stderr),
  runProgram,
};

/**
 * Runs the operator's command line and answers its exit code: 0 done, 1 failed or refused, 2 wrong usage; that of the
 * program where it ran one.
 */
export async function runBulwark(
  args: readonly string[],
  output: CommandOutput,
  tools: Partial<CommandTools> = {},
): Promise<number> {
  try {
    const end = args.includes('--') ? args.indexOf('--') : args.length;
    const { values, positionals } = parseCommandLine(args.slice(0, end));
    const program = args.slice(end + 1);
    if (values.help || positionals.length === 0) {
      output.print(HELP);
      return values.help ? 0 : 2;
    }
    const { name, command } = commandOf(positionals);
    refuseOthers(values, name, command.options);
    if (program.length > 0 && !command.takesProgram) throw new CommandUsageError(`\`${name}\` runs no program`);
    await command.run({ ...SYSTEM_TOOLS, ...tools, args: values, program, output });
    return 0;
  } catch (error) {
    if (error instanceof ProgramEnded) return error.code;
    if (error instanceof CommandUsageError) {
      output.printError(`bulwark: ${error.message} (--help lists the commands)`);
      return 2;
    }
    const { name, message } = error as Error;
    // An SDK's message may have several lines; what is printed is one.
    const line = error instanceof CommandFailure ? message : `${name}: ${message}`;
    output.printError(`bulwark: ${line.replace(/\s*\n\s*/g, ' ')}`);
    return 1;
  }
}

/** @throws CommandUsageError that repeats no word after a command's name: it may be a key in the wrong place. */
function commandOf(words: readonly string[]): { readonly name: string; readonly command: Command } {
  const name = words.join(' ');
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command) return { name, command };
  const begun = Object.keys(COMMANDS).find((known) => name.startsWith(`${known} `));
  throw new CommandUsageError(begun ? `\`${begun}\` takes no more words` : `there is no command \`${name}\``);
}
