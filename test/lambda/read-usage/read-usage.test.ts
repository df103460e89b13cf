import { type ReadUsageDependencies, readUsage } from '../../../lambda/read-usage/read-usage';
import type { SpendUsage } from '../../../lambda/read-usage/spend-reader';
import { ProblemError } from '../../../lambda/runtime/problems/errors';
import type { PlanTerms } from '../../../lib/contract/client-plan';
import { Problem } from '../../../lib/contract/problems';
import { askTimes, CLIENT, LimiterWorld, NOON } from '../runtime/rate-limit/limiter-world';

const PLAN: PlanTerms = {
  name: 'standard',
  requestsPerSecond: 10,
  burst: 20,
  requestsPerDay: 100,
  spendPerDay: 1_000_000,
  spendPerJob: 250_000,
};

const SPEND: SpendUsage = {
  day: { window: '2026-11-27', committed: 400_000, limit: 1_000_000, remaining: 600_000, resetSeconds: 43_200 },
  month: { window: '2026-11', committed: 3_400_000, resetSeconds: 302_400 },
};

let world: LimiterWorld;
let logged: unknown[];
const dependencies = (more: Partial<ReadUsageDependencies> = {}): ReadUsageDependencies => ({
  limiter: world.limiter(),
  log: { error: (...said: unknown[]) => logged.push(said) } as never,
  ...more,
});

beforeEach(() => {
  world = new LimiterWorld(NOON);
  logged = [];
});

test('tells what is used and what is left of rate, day and month, and counts nothing', async () => {
  await askTimes(world.limiter(), 3, PLAN);
  const before = world.store.row;
  const view = {
    plan: 'standard',
    rate: { requestsPerSecond: 10, limit: 20, remaining: 17, resetSeconds: 1 },
    day: { window: '2026-11-27', used: 3, limit: 100, remaining: 97, resetSeconds: 43_200 },
    month: { window: '2026-11', used: 3, resetSeconds: 302_400 },
  };
  for (let time = 0; time < 3; time += 1) await expect(readUsage(CLIENT, PLAN, dependencies())).resolves.toEqual(view);
  expect(world.store.row).toBe(before);
});

test('tells of the money where there is a ledger, by what the plan says', async () => {
  const asked: unknown[] = [];
  const spend = {
    readSpend: async (...args: unknown[]) => {
      asked.push(args);
      return SPEND;
    },
  };
  const view = await readUsage(CLIENT, PLAN, dependencies({ spend }));
  expect(view.spend).toEqual({ ...SPEND, perJob: 250_000 });
  expect(asked).toEqual([[CLIENT, PLAN]]);
});

test('a ledger that is away is a 503 of its own, which says nothing internal', async () => {
  const away = new Error('the ledger in the secret account is away');
  const error = await readUsage(CLIENT, PLAN, dependencies({ spend: { readSpend: () => Promise.reject(away) } })).catch(
    (caught) => caught,
  );
  expect(error).toBeInstanceOf(ProblemError);
  expect(error).toMatchObject({ kind: Problem.LEDGER_UNAVAILABLE, detail: undefined });
  expect(logged).toEqual([['What the client has spent is not known.', away]]);
});

test('a problem of the ledger is answered as it is', async () => {
  const problem = new ProblemError(Problem.CUT_OFF);
  const spend = { readSpend: () => Promise.reject(problem) };
  await expect(readUsage(CLIENT, PLAN, dependencies({ spend }))).rejects.toBe(problem);
  expect(logged).toEqual([]);
});

test('a store that is away is a 503', async () => {
  world.store.before = () => Promise.reject(new Error('away'));
  await expect(readUsage(CLIENT, PLAN, dependencies())).rejects.toMatchObject({ kind: Problem.UNAVAILABLE });
  expect(logged).toHaveLength(1);
});

test('terms that are none are an error, not an answer', async () => {
  await expect(readUsage(CLIENT, { ...PLAN, burst: 0 }, dependencies())).rejects.toThrow(RangeError);
});
