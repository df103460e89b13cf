import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { MAX_OPENED_BYTES, open, seal } from '../../../../lambda/runtime/sealing/envelope';
import { UnsealError } from '../../../../lambda/runtime/sealing/errors';

const key = { plaintext: randomBytes(32), wrapped: randomBytes(64) };
const context = { jobId: 'job_1', clientId: 'client-a' };
const text = fc.string({ unit: 'grapheme', maxLength: 2_000 });

test('what is sealed opens to the same text, with the wrapped key beside it', () => {
  fc.assert(
    fc.property(text, (plaintext) => {
      const sealed = seal(plaintext, key, context);
      expect(sealed.wrappedKey).toBe(key.wrapped);
      expect(open(sealed, key.plaintext, context)).toBe(plaintext);
    }),
  );
});

test('the order of a context does not matter', () => {
  const sealed = seal('x', key, context);
  expect(open(sealed, key.plaintext, { clientId: 'client-a', jobId: 'job_1' })).toBe('x');
});

test.each([
  ['another job', { ...context, jobId: 'job_2' }],
  ['another client', { ...context, clientId: 'client-b' }],
  ['fewer names', { jobId: 'job_1' }],
  ['more names', { ...context, more: '' }],
  ['the values swapped', { jobId: 'client-a', clientId: 'job_1' }],
])('the context of %s does not open it', (_, other) => {
  expect(() => open(seal('x', key, context), key.plaintext, other)).toThrow(UnsealError);
});

test('another key does not open it', () => {
  expect(() => open(seal('x', key, context), randomBytes(32), context)).toThrow(UnsealError);
});

test('any flipped bit of it is noticed', () => {
  const sealed = seal('a text that is long enough', key, context);
  const flip = (bytes: Uint8Array, bit: number) => {
    const copy = Uint8Array.from(bytes);
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return copy;
  };
  for (let bit = 0; bit < sealed.ciphertext.length * 8; bit += 1) {
    const tampered = { ...sealed, ciphertext: flip(sealed.ciphertext, bit) };
    expect(() => open(tampered, key.plaintext, context)).toThrow(UnsealError);
  }
  expect(() => open({ ...sealed, iv: flip(sealed.iv, 0) }, key.plaintext, context)).toThrow(UnsealError);
});

test.each([0, 1, 15, 16])('a ciphertext cut to %i bytes does not open', (length) => {
  const sealed = seal('x', key, context);
  expect(() => open({ ...sealed, ciphertext: sealed.ciphertext.subarray(0, length) }, key.plaintext, context)).toThrow(
    UnsealError,
  );
});

test('the same text is sealed differently each time', () => {
  const [first, second] = [seal('x', key, context), seal('x', key, context)];
  expect(Buffer.compare(first.ciphertext, second.ciphertext)).not.toBe(0);
});

test('a text that inflates without end does not open', () => {
  const bomb = 'x'.repeat(MAX_OPENED_BYTES + 1);
  expect(deflateRawSync(bomb).length).toBeLessThan(100_000);
  expect(() => open(seal(bomb, key, context), key.plaintext, context)).toThrow(UnsealError);
});
