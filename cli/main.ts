import { setTimeout as wait } from 'node:timers/promises';
import { parseCommandLine, refuseOthers } from './arguments';
import { breakerCommands } from './breaker-commands';
import { clientCommands } from './client-commands';
import type { Command, CommandOutput, CommandTools } from './command';
import { dlqCommands } from './dlq/dlq-commands';
import { doctorCommands } from './doctor-commands';
import { CommandFailure, CommandUsageError } from './failure';
import { HELP } from './help';
import { jobCommands } from './job-commands';

export type { CommandOutput } from './command';

const COMMANDS: Readonly<Record<string, Command>> = {
  ...clientCommands,
  ...dlqCommands,
  ...breakerCommands,
  ...jobCommands,
  ...doctorCommands,
};

const SYSTEM_TOOLS: CommandTools = {
  now: () => Date.now(),
  sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
  signal: new AbortController().signal,
};

/** Runs the operator's command line and answers its exit code: 0 done, 1 failed or refused, 2 wrong usage. */
export async function runBulwark(
  args: readonly string[],
  output: CommandOutput,
  tools: Partial<CommandTools> = {},
): Promise<0 | 1 | 2> {
  try {
    const { values, positionals } = parseCommandLine(args);
    if (values.help || positionals.length === 0) {
      output.print(HELP);
      return values.help ? 0 : 2;
    }
    const name = positionals.join(' ');
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (!command) throw new CommandUsageError(`there is no command \`${name}\``);
    refuseOthers(values, name, command.options);
    await command.run({ ...SYSTEM_TOOLS, ...tools, args: values, output });
    return 0;
  } catch (error) {
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
