import { parseSweepRequest } from '../../../lambda/sweep-keys/sweep-request';

test.each<[unknown, object]>([
  [undefined, {}],
  [null, {}],
  [{ source: 'aws.events', detail: {} }, {}],
  [{ revoke: true }, { revoke: true }],
  [{ revoke: false }, { revoke: false }],
  [
    { revoke: true, keyId: 'key_1' },
    { revoke: true, keyId: 'key_1' },
  ],
])('%j asks for %j', (event, request) => {
  expect(parseSweepRequest(event)).toEqual(request);
});

test.each(['true', 1, null])('refuses to guess what `revoke: %j` means', (revoke) => {
  expect(() => parseSweepRequest({ revoke })).toThrow(TypeError);
});

test.each(['', 1, null])('refuses to guess which key `%j` is', (keyId) => {
  expect(() => parseSweepRequest({ revoke: true, keyId })).toThrow('`keyId` must be a text that is not empty');
});
