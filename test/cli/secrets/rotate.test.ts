import { InvokeCommand } from '@aws-sdk/client-lambda';
import {
  PutSecretValueCommand,
  RotateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { CloudDouble } from '../doubles/cloud';
import { deployment } from '../doubles/deployment';

const DAY_MS = 86_400_000;
const EMULATOR = ['--endpoint', 'http://127.0.0.1:4566'];

let cloud: CloudDouble;
beforeEach(() => {
  cloud = new CloudDouble();
  cloud.secrets.version('old', ['AWSCURRENT'], { ageMs: 31 * DAY_MS });
});

const rotate = (...args: string[]) => cloud.bulwark('secrets', 'rotate', '--reason', 'drill', ...args);
const current = () => cloud.secrets.at('AWSCURRENT')?.id;

describe('on AWS', () => {
  test('asks Secrets Manager to rotate at once, and waits until the new version is current', async () => {
    const { code, printed } = await rotate();
    const asked = cloud.secrets.mock.commandCalls(RotateSecretCommand).map(({ args }) => args[0].input);
    expect(asked).toEqual([
      { SecretId: deployment.upstreamSecret, ClientRequestToken: expect.any(String), RotateImmediately: true },
    ]);
    expect(current()).toBe(asked[0]?.ClientRequestToken);
    expect(printed).toEqual([
      `Rotated upstream in 6s: version ${current()} is current. The old key works until the sweeper retires it.`,
    ]);
    expect(code).toBe(0);
  });

  test('tells how it goes, on standard error', async () => {
    cloud.secrets.looks = 4;
    expect((await rotate()).errors).toEqual(['upstream: AWSPENDING, 3s', 'upstream: AWSPENDING, 6s']);
  });

  test('leaves two records of the act', async () => {
    await rotate();
    expect(cloud.audit.map(({ what, on, reason, result }) => [what, on, reason, result])).toEqual([
      ['secrets.rotate', 'upstream', 'drill', 'begun'],
      ['secrets.rotate', 'upstream', 'drill', `rotated to ${current()}`],
    ]);
  });

  test('prints one document with --json', async () => {
    const { printed } = await rotate('--json');
    expect(printed.map((line) => JSON.parse(line))).toEqual([[{ secret: 'upstream', version: current(), ms: 6_000 }]]);
  });

  test.each([
    [
      'stuck',
      'the rotation of upstream has not ended after 15m 0s: its old key is current still; see docs/runbooks/rotation-failed.md',
    ],
    [
      'abandoned',
      'the rotation of upstream was abandoned: its old key is current still; see docs/runbooks/rotation-failed.md',
    ],
  ] as const)('a rotation that is %s is a failure that says so', async (fate, message) => {
    cloud.secrets.fate = fate;
    const { code, errors } = await rotate();
    expect([code, errors.at(-1), current()]).toEqual([1, `bulwark: ${message}`, 'old']);
    expect(cloud.audit.at(-1)?.result).toBe(`failed: ${message}`);
  });

  test('an interruption leaves the rotation to Secrets Manager', async () => {
    cloud.interruption.abort();
    expect((await rotate()).errors).toEqual(['bulwark: interrupted: the rotation of upstream goes on by itself']);
  });

  test('a rotation in progress is not disturbed', async () => {
    cloud.secrets.version('other', ['AWSPENDING'], { ageMs: 90_000 });
    const { code, errors } = await rotate();
    expect(code).toBe(1);
    expect(errors).toEqual([
      'bulwark: a rotation of upstream is in progress for 1m 30s (version other); wait, or abandon it with --force: docs/runbooks/rotation-failed.md',
    ]);
    expect(cloud.secrets.mock.commandCalls(RotateSecretCommand)).toEqual([]);
  });

  test('--force abandons a rotation that is stuck, and begins another', async () => {
    cloud.secrets.version('other', ['AWSPENDING'], { ageMs: 90_000 });
    cloud.secrets.looks = 4;
    expect((await rotate('--force')).code).toBe(0);
    expect(cloud.secrets.mock.commandCalls(UpdateSecretVersionStageCommand)[0]?.args[0].input).toEqual({
      SecretId: deployment.upstreamSecret,
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId: 'other',
    });
    expect(current()).not.toBe('other');
    expect(cloud.audit[0]?.reason).toBe('drill (forced)');
  });

  test('a label that stayed on the current version is no rotation in progress', async () => {
    cloud.secrets.versions[0]?.stages.push('AWSPENDING');
    cloud.secrets.looks = 5;
    expect((await rotate()).code).toBe(0);
  });

  test('what Secrets Manager refuses is one line', async () => {
    const refused = Object.assign(new Error('A previous rotation is in progress'), { name: 'InvalidRequestException' });
    cloud.secrets.mock.on(RotateSecretCommand).rejects(refused);
    expect((await rotate()).errors).toEqual([
      'bulwark: Secrets Manager does not rotate upstream: A previous rotation is in progress; see docs/runbooks/rotation-failed.md',
    ]);
  });

  test('a schedule that is switched off is said', async () => {
    cloud.secrets.rotates = false;
    expect((await rotate()).errors).toEqual([
      'bulwark: the rotation of upstream is switched off; `aws secretsmanager rotate-secret --secret-id secret` switches it on',
    ]);
  });
});

describe('on an emulator', () => {
  const steps = () =>
    cloud.lambda
      .commandCalls(InvokeCommand)
      .map(({ args }) => JSON.parse(Buffer.from(args[0].input.Payload as Uint8Array).toString()));
  /** A rotator that keeps to the protocol; it answers a failure as often as told. */
  const rotator = (failures: number) => {
    let left = failures;
    cloud.lambda.on(InvokeCommand, { FunctionName: 'rotate-secret' }).callsFake(({ Payload }) => {
      const { Step, ClientRequestToken } = JSON.parse(Buffer.from(Payload).toString());
      if (Step === 'testSecret' && left-- > 0) {
        const message = { errorType: 'UpstreamRefused', errorMessage: `429 for sk-${'x'.repeat(20)}` };
        return { FunctionError: 'Unhandled', Payload: Buffer.from(JSON.stringify(message)) };
      }
      if (Step === 'finishSecret') cloud.secrets.promote(ClientRequestToken);
      return { Payload: Buffer.from('null') };
    });
  };

  test('drives the four steps over an empty pending version, as Secrets Manager does', async () => {
    rotator(0);
    expect((await rotate(...EMULATOR)).code).toBe(0);
    const token = current();
    expect(token).toMatch(/^[0-9a-f-]{36}$/);
    expect(cloud.secrets.mock.commandCalls(PutSecretValueCommand)[0]?.args[0].input).toEqual({
      SecretId: `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${deployment.upstreamSecret}`,
      ClientRequestToken: token,
      VersionStages: ['AWSPENDING'],
    });
    expect(steps()).toEqual(
      ['createSecret', 'setSecret', 'testSecret', 'finishSecret'].map((Step) => ({
        SecretId: `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${deployment.upstreamSecret}`,
        ClientRequestToken: token,
        Step,
      })),
    );
    expect(cloud.secrets.mock.commandCalls(RotateSecretCommand)).toEqual([]);
  });

  test('repeats all steps with the same token where one fails', async () => {
    rotator(2);
    expect((await rotate(...EMULATOR)).code).toBe(0);
    expect(steps().map(({ Step }) => Step)).toEqual([
      ...['createSecret', 'setSecret', 'testSecret'],
      ...['createSecret', 'setSecret', 'testSecret'],
      ...['createSecret', 'setSecret', 'testSecret', 'finishSecret'],
    ]);
    expect(new Set(steps().map(({ ClientRequestToken }) => ClientRequestToken)).size).toBe(1);
  });

  test('gives up after three attempts, and says of the failure what is no key', async () => {
    rotator(3);
    const { code, errors } = await rotate(...EMULATOR);
    expect([code, errors]).toEqual([
      1,
      [
        'bulwark: rotate-secret failed: UpstreamRefused: 429 for ***; its old key is current still; see docs/runbooks/rotation-failed.md',
      ],
    ]);
    expect(current()).toBe('old');
  });
});

describe('which secrets', () => {
  test('--all-older-than takes those whose current key is older', async () => {
    expect((await rotate('--all-older-than', '30d')).code).toBe(0);
    expect(current()).not.toBe('old');
  });

  test('and leaves a younger one alone, without a record', async () => {
    expect(await rotate('--all-older-than', '32d')).toEqual({
      code: 0,
      printed: ['No secret is older than 32d.'],
      errors: [],
    });
    expect([current(), cloud.audit]).toEqual(['old', []]);
  });

  test.each(['admin', 'pool'])('%s does not rotate, and the answer says what to do', async (name) => {
    expect((await rotate('--secret', name)).errors).toEqual([
      `bulwark: the ${name} secret of dev does not rotate: make a new key at the provider, then \`bulwark secrets put ${name}\``,
    ]);
  });

  test('nor does the upstream secret of a deployment without a rotator', async () => {
    cloud.rotates = false;
    expect((await rotate()).errors[0]).toMatch(/^bulwark: the upstream secret of dev does not rotate: /);
    expect((await rotate('--secret', 'pool')).errors).toEqual([
      'bulwark: dev has no pool secret: its key comes otherwise',
    ]);
  });
});

test.each([
  [['--secret', 'upstrem'], '`--secret` must be one of upstream, admin, pool, got: upstrem'],
  [['--all-older-than', '30'], '`--all-older-than` must be like 30d, 12h or 90m, got: 30'],
  [['--all-older-than', '0d'], '`--all-older-than` must be like 30d, 12h or 90m, got: 0d'],
  [['--key', 'previous'], '`--key` is no option of `secrets rotate`'],
  [['--', 'env'], '`secrets rotate` runs no program'],
])('%j is wrong usage', async (args, message) => {
  expect(await rotate(...args)).toEqual({
    code: 2,
    printed: [],
    errors: [`bulwark: ${message} (--help lists the commands)`],
  });
});

test('as on a schedule, no reason has to be given: the audit says so', async () => {
  expect((await cloud.bulwark('secrets', 'rotate', '--all-older-than', '30d')).code).toBe(0);
  expect(cloud.audit.map(({ reason }) => reason)).toEqual(['none given', 'none given']);
});

test.each(['', '  ', 'a\nb'])('a reason that is given must be one: %j', async (reason) => {
  const { code, errors } = await cloud.bulwark('secrets', 'rotate', '--reason', reason);
  expect([code, errors[0], cloud.audit]).toEqual([2, expect.stringMatching(/^bulwark: `--reason` /), []]);
});
