import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { environmentFor } from '../../local/endpoint';
import { CHECKOUT } from '../../local/places';

/** Runs the operator's command against an endpoint as a person does, in a process of its own. */
export function runBulwark(
  endpoint: string,
  ...args: string[]
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const script = ['--import', 'tsx', join(CHECKOUT, 'bin', 'bulwark.ts')];
  const options = { cwd: CHECKOUT, env: environmentFor(endpoint) };
  return new Promise((resolve) => {
    execFile(process.execPath, [...script, ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}
