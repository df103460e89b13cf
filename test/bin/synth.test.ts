import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENVIRONMENT_NAMES } from '../../bin/environments';
import { stackNames } from '../../lib/contract/outputs';
import { runSynth } from './run-synth';

let out: string;

beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'bulwark-synth-'));
});

afterEach(() => {
  rmSync(out, { recursive: true });
});

describe.each(ENVIRONMENT_NAMES)('cdk synth -c env=%s --strict', (name) => {
  test('passes the validator and the AwsSolutions pack without credentials', async () => {
    const { code, output } = await runSynth('bin/app.ts', out, '--strict', '-c', `env=${name}`);

    expect({ code, output }).toEqual({ code: 0, output: expect.not.stringMatching(/error|warning/i) });
    expect(JSON.parse(readFileSync(join(out, 'validation-report.json'), 'utf8')).pluginReports).toEqual([]);
    for (const stack of Object.values(stackNames(name))) {
      expect(JSON.parse(readFileSync(join(out, `${stack}.template.json`), 'utf8')).Resources).toBeDefined();
    }
  }, 180_000);
});

test('without an environment it ends with one clear line', async () => {
  const { code, output } = await runSynth('bin/app.ts', out);

  expect(code).toBe(1);
  expect(output).toContain('bulwark: say which environment with `-c env=`: local, dev, staging, prod; got: none\n');
  expect(output).not.toMatch(/^\s+at /m);
}, 180_000);

describe('the app of the delivery', () => {
  const REPOSITORY = { owner: 'acme', ownerId: '1001', repo: 'shop', repoId: '2002' };

  test('passes the validator and the AwsSolutions pack without credentials', async () => {
    const given = Object.entries(REPOSITORY).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    const { code, output } = await runSynth('bin/delivery.ts', out, '--strict', ...given);

    expect({ code, output }).toEqual({ code: 0, output: expect.not.stringMatching(/error|warning/i) });
    expect(JSON.parse(readFileSync(join(out, 'validation-report.json'), 'utf8')).pluginReports).toEqual([]);
    const { artifacts } = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
    expect(Object.keys(artifacts).filter((id) => /^bulwark-delivery-\d{12}$/.test(id))).toHaveLength(3);
  }, 180_000);

  test('without a repository it ends with one clear line', async () => {
    const { code, output } = await runSynth('bin/delivery.ts', out);

    expect(code).toBe(1);
    expect(output).toMatch(/^bulwark: bulwark-delivery-\d{12}\/Github: `owner` must be .*`repoId` must be .*$/m);
    expect(output).not.toMatch(/^\s+at /m);
  }, 180_000);
});
