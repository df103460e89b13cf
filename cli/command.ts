import { sanitizeForTerminal, sanitizeJson } from '../lib/contract/display-text';
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

/** A program that a command runs in its own place. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<NodeJS.ProcessEnv>;
}

/** Time, and what else of the process a command sees. */
export interface CommandTools {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Waits; returns early when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Aborted when the person wants the command to stop. */
  readonly signal: AbortSignal;
  /** Reads a secret from standard input, without an echo where somebody types its one line or its many. */
  readonly readSecret: (isMany: boolean) => Promise<string>;
  /** Runs a program on this terminal and answers its exit code. */
  readonly runProgram: (program: Program) => Promise<number>;
}

/** One run of a command. */
export interface Invocation extends CommandTools {
  readonly args: Arguments;
  /** The words after `--`: a program and its arguments. */
  readonly program: readonly string[];
  readonly output: CommandOutput;
}

/** Whose deployment is meant, and how it is reached. */
export interface Operator extends Pick<CommandTools, 'now' | 'sleep' | 'signal'> {
  readonly deployment: Deployment;
  readonly access: AwsAccess;
}

/** An operator's command. */
export interface Command {
  /** Options beside those of every command. */
  readonly options: readonly OptionName[];
  /** Whether a program stands after `--`. @default false */
  readonly takesProgram?: boolean;
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
  for (const line of args.json ? [sanitizeJson(JSON.stringify(document))] : lines) output.print(line);
}

/** Prints each line as one line, whatever somebody else's text in it holds: nothing that is printed can be forged. */
export const unforgeable = ({ print, printError, ...rest }: CommandOutput): CommandOutput => ({
  ...rest,
  print: (line) => print(sanitizeForTerminal(line)),
  printError: (line) => printError(sanitizeForTerminal(line)),
});
