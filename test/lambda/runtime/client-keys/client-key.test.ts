import fc from 'fast-check';
import {
  hashClientKey,
  makeClientKey,
  matchesAnyHash,
  parseClientKey,
} from '../../../../lambda/runtime/client-keys/client-key';

const CLIENT = 'abcdefgh12345678';
const secret = fc.uint8Array({ minLength: 32, maxLength: 32 });
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

test('every key that is made is read again, and has one length', () => {
  fc.assert(
    fc.property(secret, (random) => {
      const key = makeClientKey('prod', CLIENT, random);
      expect(parseClientKey(key)).toEqual({ environment: 'prod', clientId: CLIENT });
      expect(key).toHaveLength('bwk_prod_'.length + 16 + 1 + 43 + 6);
    }),
  );
});

test('two secrets are two keys', () => {
  fc.assert(
    fc.property(secret, secret, (a, b) => {
      const isSame = Buffer.compare(a, b) === 0;
      expect(makeClientKey('prod', CLIENT, a) === makeClientKey('prod', CLIENT, b)).toBe(isSame);
    }),
  );
});

test('the checksum notices every single changed character', () => {
  fc.assert(
    fc.property(secret, fc.nat(74), fc.constantFrom(...ALPHABET), (random, position, character) => {
      const key = makeClientKey('prod', CLIENT, random);
      const changed = key.slice(0, position) + character + key.slice(position + 1);
      fc.pre(changed !== key);
      expect(parseClientKey(changed)).toBeUndefined();
    }),
  );
});

test('no text that was not made is a key', () => {
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => expect(parseClientKey(text)).toBeUndefined()));
});

test('a key matches among the live hashes, and no other does', () => {
  const [a, b, c] = [1, 2, 3].map((n) => makeClientKey('prod', CLIENT, new Uint8Array(32).fill(n))) as [
    string,
    string,
    string,
  ];
  const live = [hashClientKey(a), hashClientKey(b)];
  expect([a, b, c].map((key) => matchesAnyHash(key, live))).toEqual([true, true, false]);
  expect(matchesAnyHash(a, [])).toBe(false);
  expect(matchesAnyHash(a, ['', 'zz', hashClientKey(a).slice(2)])).toBe(false);
});
