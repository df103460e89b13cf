import { type Arguments, accessOf, need, type OptionName } from './arguments';
import { type AwsAccess, type Deployment, findDeployment } from './deployment';

/** Where a command prints, and whom it asks. */
export interface CommandOutput {
  /** One line on standard output. */
  readonly print: (line: string) => void;
  /** One line on standard error. */
  readonly printError: (line: string) => void;
  /** Asks the person at the terminal for one line. @default - nobody is there */
  readonly ask?: (question: string) => Promise<string>;
}

/** Time, as a command sees it. */
export interface CommandTools {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Waits; returns early when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Aborted when the person wants the command to stop. */
  readonly signal: AbortSignal;
}

/** One run of a command. */
export interface Invocation extends CommandTools {
  readonly args: Arguments;
  readonly output: CommandOutput;
}

/** Whose deployment is meant, and how it is reached. */
export interface Operator extends CommandTools {
  readonly deployment: Deployment;
  readonly access: AwsAccess;
}

/** An operator's command. */
export interface Command {
  /** Options beside those of every command. */
  readonly options: readonly OptionName[];
  /** Checks its arguments before it calls anybody; throws CommandUsageError or CommandFailure. */
  readonly run: (invocation: Invocation) => Promise<void>;
}

/** Checks the options that every command has. */
export function readTarget(args: Arguments): { readonly environment: string; readonly access: AwsAccess } {
  return { environment: need(args.env, '--env'), access: accessOf(args) };
}

/** Finds the deployment that the arguments name. */
export async function operatorOf({ args, now, sleep, signal }: Invocation): Promise<Operator> {
  const { environment, access } = readTarget(args);
  return { deployment: await findDeployment(environment, access), access, now, sleep, signal };
}

/** Prints a document with `--json`, and lines for people otherwise. */
export function report({ args, output }: Invocation, document: unknown, lines: readonly string[]): void {
  for (const line of args.json ? [JSON.stringify(document)] : lines) output.print(line);
}
