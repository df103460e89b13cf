import { parseSweepRequest } from '../../../lambda/sweep-keys/sweep-request';

test.each<[unknown, object]>([
  [undefined, {}],
  [null, {}],
  [{ source: 'aws.events', detail: {} }, {}],
  [{ revoke: true }, { revoke: true }],
  [{ revoke: false }, { revoke: false }],
])('%j asks for %j', (event, request) => {
  expect(parseSweepRequest(event)).toEqual(request);
});

test.each(['true', 1, null])('refuses to guess what `revoke: %j` means', (revoke) => {
  expect(() => parseSweepRequest({ revoke })).toThrow(TypeError);
});
