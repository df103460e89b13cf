import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Kills the emulator's running processes of one function, as when a Lambda host dies.
 * @param functionName part of the function's name
 * @returns how many were killed
 */
export async function killWorkers(emulatorPid: number, functionName: string): Promise<number> {
  const workers = await findWorkers(emulatorPid, functionName);
  for (const pid of workers) process.kill(pid, 'SIGKILL');
  return workers.length;
}

/**
 * The emulator's running processes of one function.
 * @param functionName part of the function's name
 */
export async function findWorkers(emulatorPid: number, functionName: string): Promise<readonly number[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,args=']);
  return stdout
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match && Number(match[2]) === emulatorPid && match[3]?.includes(functionName))
    .map((match) => Number(match?.[1]));
}
