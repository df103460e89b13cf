import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

export interface CommandOptions {
  readonly cwd?: string;
  /** The whole environment of the command. @default this process's own */
  readonly env?: NodeJS.ProcessEnv;
  /** Ends the command, with everything that it started. */
  readonly signal?: AbortSignal;
  /** File to which its output is appended. */
  readonly log?: string;
  /** Called with each line of its output. */
  readonly onLine?: (line: string) => void;
}

export interface CommandResult {
  /** Exit code, or -1 when a signal ended it. */
  readonly code: number;
  /** Everything it printed, on either stream, in order of arrival. */
  readonly output: string;
}

/**
 * Runs a command to its end, in a process group of its own.
 * @throws the reason of `signal` when that aborts, and the system's error when the command cannot be started.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  options.signal?.throwIfAborted();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = () => endGroup(child, 'SIGKILL');
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    return await collect(child, options);
  } finally {
    options.signal?.removeEventListener('abort', stop);
    options.signal?.throwIfAborted();
  }
}

/** Sends a signal to a detached child and everything it started; a group that is gone already is no error. */
export function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function collect(child: ChildProcess, options: CommandOptions): Promise<CommandResult> {
  if (options.log) mkdirSync(dirname(options.log), { recursive: true });
  let output = '';
  let unfinished = '';
  const take = (chunk: Buffer) => {
    const text = chunk.toString('utf8');
    output += text;
    if (options.log) appendFileSync(options.log, text);
    const lines = (unfinished + text).split('\n');
    unfinished = lines.pop() ?? '';
    for (const line of lines) options.onLine?.(line);
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, output }));
  });
}
