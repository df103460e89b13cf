import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Kills the emulator's running processes of one function, as when a Lambda host dies.
 * @param functionName part of the function's name
 * @returns how many were killed
 */
export async function killWorkers(emulatorPid: number, functionName: string): Promise<number> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,args=']);
  const workers = stdout
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match && Number(match[2]) === emulatorPid && match[3]?.includes(functionName));
  for (const match of workers) process.kill(Number(match?.[1]), 'SIGKILL');
  return workers.length;
}
