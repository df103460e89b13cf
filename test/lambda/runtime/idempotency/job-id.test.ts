import fc from 'fast-check';
import { canonicalJson } from '../../../../lambda/runtime/idempotency/canonical-json';
import {
  isIdempotencyKey,
  JOB_ID_PATTERN,
  jobIdOfBytes,
  jobIdOfKey,
} from '../../../../lambda/runtime/idempotency/job-id';

const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
  minLength: 1,
  maxLength: 255,
});
const clientId = fc.stringMatching(/^[a-z0-9]{16}$/);

test('a key’s id is stable, of the form of every id, and the client’s own', () => {
  fc.assert(
    fc.property(clientId, clientId, visible, (a, b, key) => {
      expect(jobIdOfKey(a, key)).toMatch(JOB_ID_PATTERN);
      expect(jobIdOfKey(a, key)).toBe(jobIdOfKey(a, key));
      expect(jobIdOfKey(a, key) === jobIdOfKey(b, key)).toBe(a === b);
      expect(isIdempotencyKey(key)).toBe(true);
    }),
  );
});

test('an id of known input, so that a release cannot forget the keys of the one before', () => {
  expect(jobIdOfKey('abcdefgh12345678', 'order-1')).toBe('job_4054b068e3196ffa140419888cee3fc3');
});

test('an id of random bytes', () => {
  expect(jobIdOfBytes(new Uint8Array(16).fill(0xab))).toBe(`job_${'ab'.repeat(16)}`);
  expect(() => jobIdOfBytes(new Uint8Array(15))).toThrow('`bytes` must be 16 bytes, got: 15');
});

test.each(['', 'a b', 'a\n', '\u00e4', '\u007f', 'k'.repeat(256)])('%j is no idempotency key', (key) => {
  expect(isIdempotencyKey(key)).toBe(false);
});

describe('canonical JSON', () => {
  const shuffle = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffle);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, member]) => [key, shuffle(member)]),
    );
  };

  test('is the same whatever the order of the keys, and says the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(shuffle(value))).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('differs where the values do', () => {
    expect(canonicalJson({ a: [1, 2] })).not.toBe(canonicalJson({ a: [2, 1] }));
    expect(canonicalJson({ a: '1' })).not.toBe(canonicalJson({ a: 1 }));
  });
});
