import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Program } from '../command';
import { CommandFailure } from '../failure';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

/** Signals that a terminal sends to the program too. */
const FROM_TERMINAL: readonly string[] = ['SIGINT', 'SIGQUIT', 'SIGHUP'];

/**
 * Runs a program on this terminal, passes signals on to it, and answers its exit code: 128 and the signal's number where
 * a signal ended it, as a shell does.
 *
 * @throws CommandFailure where it cannot be started
 */
export function runProgram(
  { file, args, env }: Program,
  isTerminal: boolean = process.stdin.isTTY === true,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'inherit', env });
    const pass = (signal: NodeJS.Signals) => {
      // This process outlives the signal either way, as its program decides what it means.
      if (!(isTerminal && FROM_TERMINAL.includes(signal))) child.kill(signal);
    };
    for (const signal of SIGNALS) process.on(signal, pass);
    const stopPassing = () => {
      for (const signal of SIGNALS) process.off(signal, pass);
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      stopPassing();
      reject(new CommandFailure(`${file} cannot be run: ${error.code ?? error.name}`));
    });
    child.once('exit', (code, signal) => {
      stopPassing();
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
