import fc from 'fast-check';
import { UPLOAD_KEY_SHAPE, uploadIdOfKey, uploadKeyOf } from '../../../../lib/contract/uploads';

const anyId = fc
  .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 })
  .map((hex) => `upl_${hex}`);
const shape = new RegExp(`^${UPLOAD_KEY_SHAPE.replaceAll('?', '[^/]')}$`);

test('whatever a client is called, its keys have the one shape that rights are given for, and name their upload', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), anyId, (clientId, uploadId) => {
      const key = uploadKeyOf(clientId, uploadId);
      expect(key).toMatch(shape);
      expect(uploadIdOfKey(key)).toBe(uploadId);
    }),
  );
});

test('a client of the usual form is in its keys as it is', () => {
  expect(uploadKeyOf('abcdefgh12345678', `upl_${'0'.repeat(32)}`)).toBe(
    `uploads/abcdefgh12345678/upl_${'0'.repeat(32)}`,
  );
});

test.each([
  '',
  'uploads',
  'uploads/',
  `uploads/abcdefgh12345678/upl_${'0'.repeat(31)}`,
  `uploads/abcdefgh12345678/x/upl_${'0'.repeat(32)}`,
  `Uploads/abcdefgh12345678/upl_${'0'.repeat(32)}`,
  `uploads/../upl_${'0'.repeat(32)}`,
])('the key %s names no upload', (key) => {
  expect(uploadIdOfKey(key)).toBeUndefined();
});
