import fc from 'fast-check';
import { parseSpendRequest } from '../../../lambda/control-spend/spend-request';

const order = { by: 'arn:aws:iam::1:user/a', reason: 'INC-7' };
const CLIENT = 'abcdefgh12345678';

test.each([
  [{ action: 'run' }],
  [{ action: 'status' }],
  [{ action: 'status', clientId: CLIENT }],
  [{ action: 'status', clientId: CLIENT, clientCaps: { perDay: 0, perMonth: 9_000_000_000_000_000 } }],
  [{ action: 'set', day: 1, ...order }],
  [{ action: 'set', day: 'deployed', month: 9_000_000_000_000_000, ...order }],
  [{ action: 'cut', ...order }],
  [{ action: 'restore', force: true, ...order }],
  [{ action: 'prices' }],
  [{ action: 'prices', model: 'claude-haiku-4-5' }],
])('%j is understood as it is', (request) => {
  expect(parseSpendRequest(request)).toEqual(request);
});

test('a restore is not forced unless it says so', () => {
  expect(parseSpendRequest({ action: 'restore', ...order })).toEqual({ action: 'restore', force: false, ...order });
});

const TEXT = 'must be one line of 1 to 2048 characters';
const CAP = 'must be an integer from 1 to 9000000000000000';

test.each<[unknown, string]>([
  [undefined, 'the request must be an object'],
  [null, 'the request must be an object'],
  ['status', 'the request must be an object'],
  [[{ action: 'run' }], 'the request must be an object'],
  [{}, '`action` must be one of run, status, set, cut, restore, prices'],
  [{ action: 'toString' }, '`action` must be one of run, status, set, cut, restore, prices'],
  [{ source: 'aws.events' }, '`action` must be one of run, status, set, cut, restore, prices'],
  [{ action: 'run', force: true }, '`run` takes no other fields than none'],
  [{ action: 'status', client: CLIENT }, '`status` takes no other fields than clientId, clientCaps'],
  [{ action: 'status', clientId: 'x' }, '`clientId` must be 16 lower-case letters and digits'],
  [{ action: 'status', clientCaps: {} }, '`clientCaps` needs `clientId`'],
  [{ action: 'status', clientId: CLIENT, clientCaps: 1 }, '`clientCaps` must be an object'],
  [
    { action: 'status', clientId: CLIENT, clientCaps: { perDay: -1 } },
    '`clientCaps.perDay` must be an integer from 0 to 9000000000000000',
  ],
  [{ action: 'set', ...order }, '`set` needs `day`, `month` or both'],
  [{ action: 'set', day: 0, ...order }, `\`day\` ${CAP}`],
  [{ action: 'set', day: 0.5, ...order }, `\`day\` ${CAP}`],
  [{ action: 'set', day: '50', ...order }, `\`day\` ${CAP}`],
  [{ action: 'set', month: 9_000_000_000_000_001, ...order }, `\`month\` ${CAP}`],
  [{ action: 'set', day: null, ...order }, `\`day\` ${CAP}`],
  [{ action: 'set', day: 5 }, `\`by\` ${TEXT}`],
  [{ action: 'cut', by: 'a' }, `\`reason\` ${TEXT}`],
  [{ action: 'cut', by: 'a', reason: '  ' }, `\`reason\` ${TEXT}`],
  [{ action: 'cut', by: 'a', reason: 'two\nlines' }, `\`reason\` ${TEXT}`],
  [{ action: 'cut', by: 'a', reason: 'x'.repeat(2_049) }, `\`reason\` ${TEXT}`],
  [{ action: 'restore', force: 'yes', ...order }, '`force` must be true or false'],
  [{ action: 'prices', model: 7 }, `\`model\` ${TEXT}`],
])('%j is refused, in words', (request, message) => {
  expect(() => parseSpendRequest(request)).toThrow(expect.objectContaining({ name: 'MalformedRequestError', message }));
});

test('whatever comes is understood or refused, and never anything else', () => {
  const actions = fc.constantFrom('run', 'status', 'set', 'cut', 'restore', 'prices', 'other');
  const event = fc.record(
    { action: actions, by: fc.anything(), reason: fc.anything(), day: fc.anything(), force: fc.anything() },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(event, fc.anything()), (value) => {
      try {
        const { action } = parseSpendRequest(value);
        expect(action).toBe((value as { action: string }).action);
      } catch (error) {
        expect((error as Error).name).toBe('MalformedRequestError');
      }
    }),
  );
});
