import { usagePlans } from '../../../lambda/control-spend/usage-plans-field';

const { parse } = usagePlans('BULWARK_USAGE_PLANS');

test('reads the throttle of each plan', () => {
  expect(parse('{"a":[10,20],"b":[0.5,1]}')).toEqual({
    a: { rateLimit: 10, burstLimit: 20 },
    b: { rateLimit: 0.5, burstLimit: 1 },
  });
});

test.each([
  undefined,
  '',
  'x',
  'null',
  '{}',
  '[]',
  '{"a":[0,0]}',
  '{"a":[10]}',
  '{"a":[10,20,30]}',
  '{"a":10}',
  '{"a":[10,20],"b":["1",2]}',
])('%j is none', (text) => {
  expect(() => parse(text)).toThrow(
    new RangeError('must be JSON of at least one usage plan, such as {"id": [10, 20]}, with limits above 0'),
  );
});
