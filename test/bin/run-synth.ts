import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

const ROOT = join(__dirname, '../..');

/** Runs the CDK's command as a user would, without bundling anew: other tests read the bundles meanwhile. */
export function runSynth(
  app: 'bin/app.ts' | 'bin/delivery.ts',
  out: string,
  ...args: string[]
): Promise<{ code: number | null; output: string }> {
  const cdk = join(ROOT, 'node_modules/aws-cdk/bin/cdk');
  const command = `node --import tsx ${app}`;
  const child = spawn(process.execPath, [cdk, 'synth', '--quiet', '--app', command, '--output', out, ...args], {
    cwd: ROOT,
    env: {
      PATH: [join(ROOT, 'node_modules/.bin'), process.env.PATH].join(delimiter),
      HOME: out,
      AWS_EC2_METADATA_DISABLED: 'true',
      CDK_DISABLE_CLI_TELEMETRY: 'true',
    },
  });
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  child.stderr.on('data', (data) => {
    output += data;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
