import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbRateLimitStore } from '../../../../lambda/runtime/rate-limit/dynamodb-rate-limit-store';
import { RateLimitUnavailableError } from '../../../../lambda/runtime/rate-limit/errors';
import { RateLimiter } from '../../../../lambda/runtime/rate-limit/rate-limiter';
import { LimitsTable } from '../../../../lib/contract/limits-table';
import { DynamoDbDouble } from '../../doubles/dynamodb';
import { admittedOf, askAtOnce, askTimes, CLIENT, NEARLY_DECEMBER } from './limiter-world';

const TABLE = 'limits';
const TERMS = { requestsPerSecond: 100, burst: 100, requestsPerDay: 10, requestsPerMonth: 15 };

let nowMs: number;
/** What becomes of the next calls of DynamoDB, in order; those after them are answered. */
let fates: ('before' | 'after' | 'repeated')[];
/** Every so many writes that have an effect, the process dies before it knows. @default - none does */
let dieEvery: number;
let double: DynamoDbDouble;

beforeEach(() => {
  nowMs = NEARLY_DECEMBER - 86_400_000;
  fates = [];
  dieEvery = Number.POSITIVE_INFINITY;
  let effects = 0;
  double = new DynamoDbDouble({ [TABLE]: [LimitsTable.PARTITION_KEY] }, async (_, work) => {
    const fate = fates.shift();
    if (fate === 'before') throw new Error('the process died before its write');
    const answer = work();
    effects += 1;
    if (fate === 'after' || effects % dieEvery === 0) throw new Error('the process died after its write');
    // The SDK sends the same once more when no answer comes.
    return fate === 'repeated' ? work() : answer;
  });
});

const startProcess = (): RateLimiter =>
  new RateLimiter({
    store: new DynamoDbRateLimitStore(new DynamoDBClient({ region: 'us-east-1' }), TABLE),
    now: () => nowMs,
    sleep: async () => undefined,
  });

describe.each([
  ['the first request of a client', 0, () => undefined],
  ['a request with a bucket that is not full', 3, () => undefined],
  [
    'a request with a full bucket',
    3,
    () => {
      nowMs += 500;
    },
  ],
  [
    'the first request of a day, and of a month',
    3,
    () => {
      nowMs += 2 * 86_400_000;
    },
  ],
])('a process that dies at %s', (_, before, waitUntil) => {
  const stillToday = (): number => (nowMs > NEARLY_DECEMBER ? 0 : before);

  test.each([0, 1, 2])('before write %i: nothing is counted, and as many come through as before', async (write) => {
    await askTimes(startProcess(), before, TERMS);
    waitUntil();
    fates = [...Array(write).fill('answered'), 'before'];
    const outcome = await startProcess()
      .admit(CLIENT, TERMS)
      .catch((error) => error);
    const used = stillToday() + (outcome instanceof RateLimitUnavailableError ? 0 : 1);
    fates = [];
    expect(admittedOf(await askTimes(startProcess(), 20, TERMS))).toBe(10 - used);
  });

  test.each([0, 1, 2])(
    'after write %i: it is counted once at most, and nobody comes through in its place',
    async (write) => {
      await askTimes(startProcess(), before, TERMS);
      waitUntil();
      fates = [...Array(write).fill('answered'), 'after'];
      await startProcess()
        .admit(CLIENT, TERMS)
        .catch((error) => expect(error).toBeInstanceOf(RateLimitUnavailableError));
      fates = [];
      const more = admittedOf(await askTimes(startProcess(), 20, TERMS));
      expect(10 - stillToday() - more).toBeGreaterThanOrEqual(0);
      expect(10 - stillToday() - more).toBeLessThanOrEqual(1);
      expect(double.row(TABLE, CLIENT)).toMatchObject({ dayCount: 10 });
    },
  );

  test.each([0, 1, 2])('whose write %i is repeated: it is counted exactly once', async (write) => {
    await askTimes(startProcess(), before, TERMS);
    waitUntil();
    fates = [...Array(write).fill('answered'), 'repeated'];
    await expect(startProcess().admit(CLIENT, TERMS)).resolves.toMatchObject({ admitted: true });
    fates = [];
    expect(admittedOf(await askTimes(startProcess(), 20, TERMS))).toBe(10 - stillToday() - 1);
  });
});

test('200 at once from 20 processes on DynamoDB: exactly the quota of the day, then exactly what the month has left', async () => {
  const processes = Array.from({ length: 20 }, startProcess);
  expect(admittedOf(await askAtOnce(processes, 200, TERMS))).toBe(10);
  nowMs += 86_400_000;
  expect(admittedOf(await askAtOnce(processes, 200, TERMS))).toBe(5);
  nowMs += 86_400_000;
  expect(admittedOf(await askAtOnce(processes, 200, TERMS))).toBe(10);
  expect(double.row(TABLE, CLIENT)).toMatchObject({ utcDay: '2026-12-01', dayCount: 10, monthCount: 10 });
});

test('200 at once, a third of which die after their write: what comes through and what died are the quota', async () => {
  const terms = { requestsPerSecond: 1, burst: 100 };
  const processes = Array.from({ length: 20 }, startProcess);
  dieEvery = 3;
  const decisions = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      (processes[index % 20] as RateLimiter).admit(CLIENT, terms).catch(() => undefined),
    ),
  );
  const died = decisions.filter((decision) => decision === undefined).length;
  const admitted = decisions.filter((decision) => decision?.admitted).length;
  expect(double.row(TABLE, CLIENT)).toMatchObject({ dayCount: 100 });
  expect([died, admitted]).toEqual([33, 67]);
});
