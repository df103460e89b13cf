import { setTimeout as wait } from 'node:timers/promises';
import { parseCommandLine, refuseOthers } from './arguments';
import { describeError } from './aws-error';
import { breakerCommands } from './breaker-commands';
import { clientCommands } from './clients/client-commands';
import { type Command, type CommandOutput, type CommandTools, unforgeable } from './command';
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
  terminal: CommandOutput,
  tools: Partial<CommandTools> = {},
): Promise<number> {
  const output = unforgeable(terminal);
  try {
    const end = args.includes('--') ? args.indexOf('--') : args.length;
    refuseProgramBefore(args, end);
    const { values, positionals } = parseCommandLine(args.slice(0, end));
    const program = args.slice(end + 1);
    if (values.help || positionals.length === 0) {
      terminal.print(HELP);
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
    const line = error instanceof CommandFailure ? error.message : describeError(error);
    // An SDK's message may have several lines; what is printed is one.
    output.printError(`bulwark: ${line.replace(/\s*\n\s*/g, ' ')}`);
    return 1;
  }
}

const isKnown = (name: string): boolean => Object.hasOwn(COMMANDS, name);

/**
 * A program without `--` before it would be taken for options and words of the command's own.
 *
 * @throws CommandUsageError that says so
 */
function refuseProgramBefore(args: readonly string[], end: number): void {
  const name = args.slice(0, 2).join(' ');
  const takesProgram = isKnown(name) && COMMANDS[name]?.takesProgram === true;
  if (takesProgram && end === args.length && !args.includes('--help')) {
    throw new CommandUsageError(`a program is needed after \`--\`, as in \`${name} --env dev -- npm run dev\``);
  }
}

/** @throws CommandUsageError that repeats no word after a command's name: it may be a key in the wrong place. */
function commandOf(words: readonly string[]): { readonly name: string; readonly command: Command } {
  const name = words.join(' ');
  const command = isKnown(name) ? COMMANDS[name] : undefined;
  if (command) return { name, command };
  const begun = Object.keys(COMMANDS).find((known) => name.startsWith(`${known} `));
  throw new CommandUsageError(begun ? `\`${begun}\` takes no more words` : describeUnknown(words));
}

/** Which words may come after those that begin a command. */
function describeUnknown(words: readonly string[]): string {
  for (let count = words.length; count > 0; count -= 1) {
    const begun = `${words.slice(0, count).join(' ')} `;
    const next = Object.keys(COMMANDS).filter((known) => known.startsWith(begun));
    const following = new Set(next.map((known) => known.slice(begun.length).split(' ')[0]));
    if (following.size > 0) return `\`${begun.trim()}\` must be followed by one of ${[...following].join(', ')}`;
  }
  return `there is no command \`${words[0]}\``;
}
