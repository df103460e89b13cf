import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ENVIRONMENT_NAMES } from '../../bin/environments';
import { stackNames } from '../../lib/contract/outputs';

const ROOT = join(__dirname, '../..');
let out: string;

beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'bulwark-synth-'));
});

afterEach(() => {
  rmSync(out, { recursive: true });
});

describe.each(ENVIRONMENT_NAMES)('cdk synth -c env=%s --strict', (name) => {
  test('passes the validator and the AwsSolutions pack without credentials', async () => {
    const { code, output } = await synth('--strict', '-c', `env=${name}`);

    expect({ code, output }).toEqual({ code: 0, output: expect.not.stringMatching(/error|warning/i) });
    expect(JSON.parse(readFileSync(join(out, 'validation-report.json'), 'utf8')).pluginReports).toEqual([]);
    for (const stack of Object.values(stackNames(name))) {
      expect(JSON.parse(readFileSync(join(out, `${stack}.template.json`), 'utf8')).Resources).toBeDefined();
    }
  }, 60_000);
});

test('without an environment it ends with one clear line', async () => {
  const { code, output } = await synth();

  expect(code).toBe(1);
  expect(output).toContain('bulwark: say which environment with `-c env=`: local, dev, staging, prod; got: none\n');
  expect(output).not.toMatch(/^\s+at /m);
}, 60_000);

/** Runs the CDK's command as a user would, without bundling anew: other tests read the bundles meanwhile. */
function synth(...args: string[]): Promise<{ code: number | null; output: string }> {
  const cdk = join(ROOT, 'node_modules/aws-cdk/bin/cdk');
  const app = 'node --import tsx bin/app.ts';
  const child = spawn(process.execPath, [cdk, 'synth', '--quiet', '--app', app, '--output', out, ...args], {
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
