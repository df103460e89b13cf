import { randomBytes } from 'node:crypto';
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { CloudDouble } from '../doubles/cloud';
import { deployment } from '../doubles/deployment';

const KEYS = Array.from({ length: 3 }, () => `key-${randomBytes(12).toString('hex')}`);
const [A = '', B = '', C = ''] = KEYS;

let cloud: CloudDouble;
beforeEach(() => {
  cloud = new CloudDouble();
});

function put(name: string, input: string, ...more: string[]) {
  cloud.input = input;
  return cloud.bulwark('secrets', 'put', name, '--reason', 'first key', ...more);
}

const stored = () =>
  cloud.secrets.mock
    .commandCalls(PutSecretValueCommand)
    .map(({ args }) => [args[0].input.SecretId, JSON.parse(args[0].input.SecretString ?? '')]);

const { adminSecret, poolSecret } = deployment.rotation;

test.each([
  ['upstream', `${A}\n`, deployment.upstreamSecret, { apiKey: A }],
  ['upstream', `apikey_01 ${A}`, deployment.upstreamSecret, { apiKey: A, keyId: 'apikey_01' }],
  ['admin', `  ${A}\r\n\r\n`, adminSecret, { apiKey: A }],
  [
    'pool',
    `apikey_1 ${A}\n\napikey_2\t${B}\n`,
    poolSecret,
    {
      keys: [
        { id: 'apikey_1', apiKey: A },
        { id: 'apikey_2', apiKey: B },
      ],
    },
  ],
])('puts %s from standard input', async (name, input, id, value) => {
  const { code, printed, errors } = await put(name, input);
  expect([code, stored()]).toEqual([0, [[id, value]]]);
  expect(printed).toEqual([expect.stringMatching(new RegExp(`^Version [0-9a-f-]{36} of ${name} is current\\.$`))]);
  expect(errors).toEqual([]);
});

test('leaves two records of the act, without the value', async () => {
  await put('pool', `1 ${A}\n2 ${B}\n3 ${C}`);
  expect(cloud.audit.map(({ what, on, reason }) => [what, on, reason])).toEqual([
    ['secrets.put', 'pool', 'first key'],
    ['secrets.put', 'pool', 'first key'],
  ]);
  const told = JSON.stringify(cloud.audit);
  expect(KEYS.filter((key) => told.includes(key))).toEqual([]);
});

test.each([
  ['upstream', '', 'no key came on standard input'],
  ['upstream', ' \n ', 'no key came on standard input'],
  ['upstream', `${A}\n${B}`, 'the input must be one line, got: 2'],
  ['upstream', `id ${A} more`, 'line 1 of the input must be KEY or ID KEY, a key of at most 512 visible characters'],
  ['upstream', `id/1 ${A}`, 'line 1 of the input must be KEY or ID KEY, a key of at most 512 visible characters'],
  ['admin', `${A}\u0007`, 'line 1 of the input must be KEY or ID KEY, a key of at most 512 visible characters'],
  ['admin', 'x'.repeat(513), 'line 1 of the input must be KEY or ID KEY, a key of at most 512 visible characters'],
  ['pool', `1 ${A}`, 'a pool must have 2 to 100 keys, got: 1'],
  ['pool', `1 ${A}\n${B}`, 'line 2 of the input must be ID KEY: a pool needs the ids'],
  ['pool', `1 ${A}\n2 ${B}\n1 ${C}`, 'line 3 of the input repeats an id'],
  ['pool', `1 ${A}\n2 ${B}\n3 ${A}`, 'line 3 of the input repeats a key'],
])('to put %s from %j is wrong usage, and the answer holds none of it', async (name, input, message) => {
  const { code, errors } = await put(name, input);
  expect([code, errors]).toEqual([2, [`bulwark: ${message} (--help lists the commands)`]]);
  expect(KEYS.filter((key) => errors.join().includes(key))).toEqual([]);
  expect([stored(), cloud.audit]).toEqual([[], []]);
});

test('a key as an argument is no command, and is not repeated', async () => {
  const { code, errors } = await put('upstream', '', A);
  expect([code, stored()]).toEqual([2, []]);
  expect(errors).toEqual(['bulwark: `secrets put upstream` takes no more words (--help lists the commands)']);
});

test('a deployment without a pool says so', async () => {
  cloud.rotates = false;
  expect((await put('pool', `1 ${A}\n2 ${B}`)).errors).toEqual([
    'bulwark: dev has no pool secret: its key comes otherwise',
  ]);
});
