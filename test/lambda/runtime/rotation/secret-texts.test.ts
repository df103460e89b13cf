import { randomUUID } from 'node:crypto';
import { parsePool } from '../../../../lambda/runtime/rotation/pool-secret';
import { parseSecret, serializeSecret } from '../../../../lambda/runtime/rotation/secret-value';
import { randomText } from '../../../../lambda/runtime/rotation/strategies/random-value';
import { SecretMalformedError } from '../../../../lambda/runtime/secrets/errors';

const key = randomUUID();

test.each([{ apiKey: key }, { apiKey: key, keyId: 'key_1' }])('a value is read as it was written: %#', (value) => {
  expect(parseSecret(serializeSecret(value))).toEqual(value);
});

test.each<[string, string]>([
  [`{"apiKey":"${key}`, 'The rotated secret is not JSON.'],
  ['null', 'The rotated secret has no usable `apiKey`.'],
  ['{}', 'The rotated secret has no usable `apiKey`.'],
  [JSON.stringify({ apiKey: `${key}\n` }), 'The rotated secret has no usable `apiKey`.'],
  [JSON.stringify({ apiKey: 1 }), 'The rotated secret has no usable `apiKey`.'],
])('refuses a value that is none, without a word of it: %#', (text, message) => {
  expect(() => parseSecret(text)).toThrow(new SecretMalformedError(message));
});

test('a pool keeps its order', () => {
  const keys = [1, 2].map((id) => ({ id: `apikey_${id}`, apiKey: randomUUID() }));
  expect(parsePool(JSON.stringify({ keys }))).toEqual(keys.map(({ id, apiKey }) => ({ keyId: id, apiKey })));
});

test.each<[unknown, string]>([
  ['{', 'The secret of the pool is not JSON.'],
  [null, 'The secret of the pool has no list `keys`.'],
  [{ keys: {} }, 'The secret of the pool has no list `keys`.'],
  [{ keys: [{ id: 'a' }] }, 'A key of the pool has no usable `id` or `apiKey`.'],
  [{ keys: [{ id: '', apiKey: key }] }, 'A key of the pool has no usable `id` or `apiKey`.'],
  [{ keys: [null] }, 'A key of the pool has no usable `id` or `apiKey`.'],
  [{ keys: ['a', 'b'].map((id) => ({ id, apiKey: key })) }, 'The secret of the pool names a key twice.'],
  [{ keys: ['x', 'y'].map((apiKey) => ({ id: 'a', apiKey })) }, 'The secret of the pool names a key twice.'],
])('refuses a pool that is none, without a word of it: %#', (content, message) => {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  expect(() => parsePool(text)).toThrow(new SecretMalformedError(message));
});

test('a random text has its length, and draws a byte again that would favour a letter', () => {
  const bytes = [255, 248, 0, 61, 62, 247];
  const draw = (count: number) => Uint8Array.from(bytes.splice(0, count));
  expect(randomText(4, draw)).toBe('A9A9');
});
