import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { RETRY_BUDGET_DEFAULTS, RetryBudget } from '../../../../lambda/runtime/retry/retry-budget';

test('begins with its reserve, and each call earns a share', () => {
  const budget = new RetryBudget({ ratio: 0.25, reserve: 1 });
  expect(budget.left).toBe(1);
  expect([budget.spend(), budget.spend()]).toEqual([true, false]);
  for (let call = 0; call < 3; call += 1) budget.earn();
  expect([budget.left, budget.spend()]).toEqual([0.75, false]);
  budget.earn();
  expect([budget.left, budget.spend(), budget.left]).toEqual([1, true, 0]);
});

test('ten calls at a tenth earn one whole retry, exactly', () => {
  const budget = new RetryBudget({ reserve: 0 });
  for (let call = 0; call < 10; call += 1) budget.earn();
  expect([budget.left, budget.spend()]).toEqual([1, true]);
});

test('saves up no more than `most`', () => {
  const budget = new RetryBudget({ ratio: 1, reserve: 1, most: 2 });
  for (let call = 0; call < 9; call += 1) budget.earn();
  expect(budget.left).toBe(2);
});

test('by default: three, and a tenth of the calls, up to a hundred, as documented', () => {
  const budget = new RetryBudget();
  expect(budget.left).toBe(3);
  budget.earn();
  expect(budget.left).toBe(3.1);
  for (let call = 0; call < 2_000; call += 1) budget.earn();
  expect(budget.left).toBe(100);
  const source = readFileSync('lambda/runtime/retry/retry-budget.ts', 'utf8');
  expect(source).toContain(`@default ${RETRY_BUDGET_DEFAULTS.ratio} */`);
  expect(source).toContain(`@default ${RETRY_BUDGET_DEFAULTS.reserve} */`);
  expect(source).toContain(`the larger of ${RETRY_BUDGET_DEFAULTS.most} and`);
});

test('a large reserve is kept whole', () => {
  expect(new RetryBudget({ reserve: 150 }).left).toBe(150);
});

test('an option that is undefined is one that was not given', () => {
  expect(new RetryBudget({ ratio: undefined, reserve: undefined, most: undefined }).left).toBe(3);
});

test.each([
  [{ ratio: -0.1 }, '`ratio` must be >= 0 and <= 1, got: -0.1'],
  [{ ratio: 1.1 }, '`ratio` must be >= 0 and <= 1, got: 1.1'],
  [{ ratio: Number.NaN }, '`ratio` must be >= 0 and <= 1, got: NaN'],
  [{ reserve: -1 }, '`reserve` must be >= 0, got: -1'],
  [{ reserve: 2, most: 1 }, '`most` must be >= `reserve`, got: 1'],
])('%j is refused', (options, message) => {
  expect(() => new RetryBudget(options)).toThrow(new RangeError(message));
});

test.each([
  { ratio: 0, reserve: 0, most: 0 },
  { ratio: 1, reserve: 2, most: 2 },
])('%j is at the bounds', (options) => {
  expect(new RetryBudget(options).left).toBe(options.reserve);
});

test('of any sequence of calls, the retries are at most the reserve and the share', () => {
  const options = fc.record({ ratio: fc.double({ min: 0, max: 1, noNaN: true }), reserve: fc.nat(5) });
  fc.assert(
    fc.property(options, fc.array(fc.boolean(), { maxLength: 500 }), ({ ratio, reserve }, sequence) => {
      const budget = new RetryBudget({ ratio, reserve });
      let calls = 0;
      let retries = 0;
      for (const isCall of sequence) {
        if (isCall) {
          calls += 1;
          budget.earn();
        } else if (budget.spend()) retries += 1;
        expect(retries).toBeLessThanOrEqual(reserve + ratio * calls + 1e-9);
        expect(budget.left).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});
