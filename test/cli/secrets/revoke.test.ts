import { InvokeCommand } from '@aws-sdk/client-lambda';
import { CloudDouble } from '../doubles/cloud';

let cloud: CloudDouble;
/** What the sweeper was asked, and whether another key was current by then. */
let asked: { event: unknown; current: string | undefined }[];

beforeEach(() => {
  cloud = new CloudDouble();
  cloud.secrets.version('leaked', ['AWSCURRENT']);
  asked = [];
  sweeperAnswers({ Payload: Buffer.from('{"retired":1,"healthy":3}') });
});

function sweeperAnswers(answer: Record<string, unknown>): void {
  cloud.lambda.on(InvokeCommand, { FunctionName: 'sweep-keys' }).callsFake(({ Payload }) => {
    asked.push({ event: JSON.parse(Buffer.from(Payload).toString()), current: current() });
    return answer;
  });
}

const current = () => cloud.secrets.at('AWSCURRENT')?.id;
const revoke = (...args: string[]) =>
  cloud.bulwark('secrets', 'revoke', '--now', '--reason', 'INC-7: in a public log', ...args);

test('makes another key current first, then ends the old ones without grace and for good', async () => {
  const { code, printed } = await revoke('--yes');
  expect(code).toBe(0);
  expect(current()).not.toBe('leaked');
  expect(asked).toEqual([{ event: { revoke: true }, current: current() }]);
  expect(printed).toEqual([
    `Rotated upstream: version ${current()} is current.`,
    'The leaked key of upstream is ended at the provider, for good.',
    'Requests in flight: a call that the provider has accepted ends as ever. A process that still holds the old key meets one 401, reads the secret anew and repeats the call; no job fails by it.',
  ]);
});

test('a key that is not current any more needs no rotation', async () => {
  expect((await revoke('--yes', '--key', 'previous')).code).toBe(0);
  expect(asked).toEqual([{ event: { revoke: true }, current: 'leaked' }]);
});

test('a key from before that is named by its id is the one that ends', async () => {
  cloud.typed = 'upstream';
  expect((await revoke('--key', 'apikey_1')).code).toBe(0);
  expect(cloud.questions).toEqual([expect.stringContaining('This ends the key apikey_1, at the provider, for good')]);
  expect(asked).toEqual([{ event: { revoke: true, keyId: 'apikey_1' }, current: 'leaked' }]);
  expect(cloud.audit[0]?.on).toBe('upstream (apikey_1)');
});

test('a rotation that hangs does not keep the leaked key alive', async () => {
  cloud.secrets.version('stuck', ['AWSPENDING']);
  cloud.secrets.looks = 4;
  expect((await revoke('--yes')).code).toBe(0);
  expect(['leaked', 'stuck']).not.toContain(current());
});

test('leaves two records of the act', async () => {
  await revoke('--yes');
  expect(cloud.audit.map(({ what, on, reason, result }) => [what, on, reason, result])).toEqual([
    ['secrets.revoke', 'upstream (current)', 'INC-7: in a public log', 'begun'],
    ['secrets.revoke', 'upstream (current)', 'INC-7: in a public log', 'ended at the provider: 1'],
  ]);
});

test('prints one document with --json', async () => {
  const { printed } = await revoke('--yes', '--json');
  const rotated = { secret: 'upstream', version: current(), ms: expect.any(Number) };
  expect(printed.map((line) => JSON.parse(line))).toEqual([{ secret: 'upstream', retired: 1, rotated }]);
});

describe('asks for the name of the secret', () => {
  test.each([
    [[], 'This makes another key current and ends the one that is current now, at the provider, for good'],
    [['--key', 'previous'], 'This ends the key that was current before the one that is now, at the provider, for good'],
  ])('and says what ends: %j', async (args, consequence) => {
    cloud.typed = 'upstream';
    expect((await revoke(...args)).code).toBe(0);
    expect(cloud.questions).toEqual([expect.stringContaining(consequence)]);
  });

  test('and goes on with it', async () => {
    cloud.typed = 'upstream ';
    expect((await revoke()).code).toBe(0);
  });

  test.each([
    ['', 'that is not the name of the secret: nothing was revoked'],
    [undefined, 'to revoke a key of upstream where nobody can be asked, say --yes'],
  ])('where the answer is %j, nothing is done', async (typed, message) => {
    cloud.typed = typed;
    expect(await revoke()).toEqual({ code: 1, printed: [], errors: [`bulwark: ${message}`] });
    expect([current(), asked, cloud.audit]).toEqual(['leaked', [], []]);
  });
});

describe('where the leaked key may work still, it says so', () => {
  const again =
    "again with `bulwark secrets revoke --now --secret upstream --key previous`, or end it in the provider's console";

  test('as no other could take its place', async () => {
    cloud.secrets.fate = 'abandoned';
    expect((await revoke('--yes')).errors.at(-1)).toBe(
      "bulwark: the leaked key works still, for no other could take its place: the rotation of upstream was abandoned: its old key is current still; see docs/runbooks/rotation-failed.md; end it in the provider's console",
    );
    expect(asked).toEqual([]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    [
      'fails',
      { FunctionError: 'Unhandled', Payload: Buffer.from('{"errorType":"AdminRefused","errorMessage":"503"}') },
      'sweep-keys failed: AdminRefused: 503',
    ],
    ['dies', { FunctionError: 'Unhandled', Payload: Buffer.from('oops') }, 'sweep-keys failed: Error: '],
    ['answers nothing', {}, 'sweep-keys did not say how many keys it ended'],
  ])('as the sweeper %s', async (_, answer, why) => {
    sweeperAnswers(answer);
    const { code, errors } = await revoke('--yes');
    expect([code, errors.at(-1)]).toEqual([1, `bulwark: the leaked key may work still: ${why}; ${again}`]);
    expect(cloud.audit.at(-1)?.result).toMatch(/^failed: the leaked key may work still/);
  });
});

describe('a key that the provider has not ended is a failure', () => {
  const byHand = "end it in the provider's console: docs/runbooks/key-leaked.md";
  const none = 'the provider ended no key: it was ended before, or is not one of its keys';

  test.each([
    ['{"retired":0}', none],
    ['{"retired":0,"unended":1}', 'the provider was not seen to refuse it'],
    ['{"retired":2,"unended":1}', 'the provider was not seen to refuse it'],
    ['{"retired":2,"unended":2}', 'the provider was not seen to refuse 2 of its values'],
  ])('%s', async (answer, why) => {
    sweeperAnswers({ Payload: Buffer.from(answer) });
    const { code, printed, errors } = await revoke('--yes');
    const message = `the leaked key may work still, for ${why} (version ${current()} is current); ${byHand}`;
    expect([code, printed, errors.at(-1)]).toEqual([1, [], `bulwark: ${message}`]);
    expect(cloud.audit.at(-1)?.result).toBe(`failed: ${message}`);
  });

  test('also where it was not the current one', async () => {
    sweeperAnswers({ Payload: Buffer.from('{"retired":0}') });
    expect(await revoke('--yes', '--key', 'previous')).toEqual({
      code: 1,
      printed: [],
      errors: [`bulwark: the leaked key may work still, for ${none}; ${byHand}`],
    });
  });
});

test('a key that does not rotate is ended by hand', async () => {
  cloud.rotates = false;
  expect((await revoke('--yes')).errors).toEqual([
    'bulwark: the upstream secret of dev does not rotate: make a new key at the provider, then `bulwark secrets put upstream`',
  ]);
});

test.each([
  [['secrets', 'revoke', '--reason', 'x'], '`--now` is needed: a key that may wait is retired by its rotation'],
  [['secrets', 'revoke', '--now'], '`--reason` is needed'],
  [
    ['secrets', 'revoke', '--now', '--reason', 'x', '--key', 'a b'],
    "`--key` must be current, previous or the provider's id of a key, got: a b",
  ],
])('%j is wrong usage', async (args, message) => {
  expect(await cloud.bulwark(...args)).toEqual({
    code: 2,
    printed: [],
    errors: [`bulwark: ${message} (--help lists the commands)`],
  });
});
