import fc from 'fast-check';
import { decideFailure, type FailedRun } from '../../../lambda/process-job/decide-failure';
import { NEVER, nextOutageRecord, type OutageFacts, windowLeftMs } from '../../../lambda/process-job/outage-facts';
import type { OutageRecord } from '../../../lambda/runtime/jobs/job';

const SINCE = 1_000_000;
const PATIENCE_MS = 86_400_000;
const quiet: OutageFacts = { isClosed: true, epoch: 0, changedAt: NEVER, lastOpenedAt: NEVER, servedAt: NEVER };
const open = { ...quiet, isClosed: false, changedAt: SINCE, lastOpenedAt: SINCE };
const reopened = { ...quiet, changedAt: SINCE, lastOpenedAt: SINCE };
const othersServed = { ...quiet, servedAt: SINCE + 2_001 };
const record = (rounds: number, ageMs = 60_000): OutageRecord => ({ since: SINCE, at: SINCE + ageMs, rounds });

const run = (overrides: Partial<FailedRun>): FailedRun => ({
  kind: 'upstream',
  isLastReceive: true,
  failedSince: SINCE,
  after: record(1),
  facts: quiet,
  patienceMs: PATIENCE_MS,
  ...overrides,
});

test.each<[string, Partial<FailedRun>, string]>([
  ['the job’s own fault, with receives left', { kind: 'job', isLastReceive: false }, 'return'],
  ['the job’s own fault, on the last receive', { kind: 'job' }, 'dead-letter'],
  ['a fault of AWS, with receives left', { kind: 'infrastructure', isLastReceive: false }, 'hold'],
  ['a fault of AWS, on the last receive', { kind: 'infrastructure' }, 'hold'],
  ['a fault of AWS for a day', { kind: 'infrastructure', after: record(0, PATIENCE_MS) }, 'dead-letter'],
  ['a rate limit, with receives left', { kind: 'turned-away', isLastReceive: false }, 'return'],
  ['a rate limit, while the breaker is open', { kind: 'turned-away', isLastReceive: false, facts: open }, 'hold'],
  ['a rate limit, on the last receive, and nobody served', { kind: 'turned-away' }, 'trip-and-hold'],
  ['a rate limit, on the last receive, after an opening', { kind: 'turned-away', facts: reopened }, 'hold'],
  ['a rate limit, while others are served', { kind: 'turned-away', facts: othersServed }, 'hold'],
  ['a rate limit after many rounds', { kind: 'turned-away', after: record(10), facts: othersServed }, 'hold'],
  ['a rate limit for a day', { kind: 'turned-away', after: record(0, PATIENCE_MS) }, 'dead-letter'],
  [
    'a rate limit, with receives left, a day after the first',
    { kind: 'turned-away', isLastReceive: false, after: record(0, PATIENCE_MS) },
    'return',
  ],
  ['a failed call, with receives left', { isLastReceive: false }, 'return'],
  ['a failed call, with receives left, after ten rounds', { isLastReceive: false, after: record(10) }, 'return'],
  ['a failed call, while the breaker is open', { isLastReceive: false, facts: open }, 'hold'],
  ['one that was open since, on the last receive', { facts: { ...reopened, servedAt: SINCE + 9_000 } }, 'hold'],
  ['one that was open before', { facts: { ...othersServed, changedAt: SINCE - 1 } }, 'dead-letter'],
  ['others served, on the last receive', { facts: othersServed }, 'dead-letter'],
  ['others served as long ago as two clocks differ', { facts: { ...quiet, servedAt: SINCE + 2_000 } }, 'hold'],
  ['nobody served, for the first time', {}, 'hold'],
  ['nobody served, after a hold for a fault of AWS', { before: record(0) }, 'hold'],
  ['nobody served, and held before', { before: record(1), after: record(1, 120_000) }, 'trip-and-hold'],
  [
    'nobody served in this round, and others since it was held',
    { before: record(1, -1), after: record(2), facts: { ...quiet, servedAt: SINCE } },
    'hold',
  ],
  ['the tenth round', { before: record(9), after: record(10) }, 'dead-letter'],
  ['the tenth round, while the breaker is open', { after: record(10), facts: open }, 'dead-letter'],
  ['the ninth round', { before: record(8), after: record(9) }, 'trip-and-hold'],
  ['a day of it', { after: record(1, PATIENCE_MS) }, 'dead-letter'],
  ['a day less a moment', { after: record(1, PATIENCE_MS - 1) }, 'hold'],
])('%s', (_, overrides, expected) => {
  expect(decideFailure(run(overrides))).toBe(expected);
});

const time = fc.integer({ min: SINCE - 100_000, max: SINCE + 100_000 });
const facts: fc.Arbitrary<OutageFacts> = fc.record({
  isClosed: fc.boolean(),
  epoch: fc.nat(9),
  changedAt: time,
  lastOpenedAt: time,
  servedAt: time,
});
const runs: fc.Arbitrary<FailedRun> = fc.record({
  kind: fc.constantFrom('upstream' as const, 'turned-away' as const, 'infrastructure' as const),
  isLastReceive: fc.boolean(),
  failedSince: time,
  before: fc.option(
    fc.nat(8).map((rounds) => record(rounds)),
    { nil: undefined },
  ),
  after: fc.nat(9).map((rounds) => record(rounds, 90_000)),
  facts,
  patienceMs: fc.constant(PATIENCE_MS),
});

describe('whatever is known', () => {
  test('no job is given up, for its rounds apart, where nobody was served since it began to fail', () => {
    fc.assert(
      fc.property(runs, (drawn) => {
        fc.pre((drawn.facts?.servedAt ?? NEVER) <= drawn.failedSince);
        expect(decideFailure(drawn)).not.toBe('dead-letter');
      }),
      { numRuns: 1_000 },
    );
  });

  test('none burns its last receive but one that is given up', () => {
    fc.assert(
      fc.property(runs, (drawn) => {
        expect(decideFailure({ ...drawn, isLastReceive: true })).not.toBe('return');
      }),
      { numRuns: 1_000 },
    );
  });

  test('the breaker is opened only where it is closed', () => {
    fc.assert(
      fc.property(runs, (drawn) => {
        fc.pre(decideFailure(drawn) === 'trip-and-hold');
        expect(drawn).toMatchObject({ isLastReceive: true, facts: { isClosed: true } });
        expect(drawn.kind).not.toBe('infrastructure');
      }),
      { numRuns: 1_000 },
    );
  });
});

/** Lets a job fail every round, each after `gapMs`, in a fleet of which `factsAt` tells; answers its end. */
const live = (
  rounds: number,
  factsAt: (startedAt: number, endedAt: number) => OutageFacts,
  gapMs = 45_000,
): { readonly decision: string; readonly round: number } => {
  let before: OutageRecord | undefined;
  let nowMs = SINCE;
  for (let round = 1; round <= rounds; round += 1) {
    const startedAt = nowMs;
    nowMs += 15_000;
    const known = factsAt(startedAt, nowMs);
    const after = nextOutageRecord(before, 'upstream', known, { startedAt, nowMs });
    const decision = decideFailure(run({ failedSince: startedAt, before, after, facts: known }));
    if (decision === 'dead-letter') return { decision, round };
    before = after;
    nowMs += gapMs;
  }
  return { decision: 'alive', round: rounds };
};

describe('a job that fails each time', () => {
  test.each([
    ['sees', false],
    ['does not see', true],
  ])('outlives an outage that is shorter than its patience and that the breaker %s', (_, isClosed) => {
    const inOutage = () => ({ ...quiet, isClosed, servedAt: SINCE - 5_000 });
    expect(live(1_000, inOutage)).toMatchObject({ decision: 'alive' });
  });

  test('is given up within ten rounds where others are served, however seldom that is seen', () => {
    fc.assert(
      fc.property(fc.integer({ min: -40_000, max: 14_000 }), (offsetMs) => {
        // Somebody is served once between two of its rounds, or in the middle of one.
        const others = (startedAt: number) => ({ ...quiet, servedAt: startedAt + offsetMs });
        expect(live(11, others)).toMatchObject({ decision: 'dead-letter' });
      }),
      { numRuns: 200 },
    );
  });
});

describe('the rounds of a job', () => {
  const times = { startedAt: SINCE, nowMs: SINCE + 90_000 };
  const next = (known: Partial<OutageFacts>, before: OutageRecord | undefined = record(1)) =>
    nextOutageRecord(before, 'upstream', { ...quiet, ...known }, times);

  test.each<[string, Partial<OutageFacts> & { readonly startedAt?: number }, number]>([
    ['nothing has happened', {}, 1],
    ['others were served', { servedAt: SINCE + 60_001 }, 2],
    ['others were served before', { servedAt: SINCE + 60_000 }, 1],
    ['the breaker has closed', { changedAt: SINCE + 60_001 }, 2],
    ['the breaker had closed before', { changedAt: SINCE + 60_000 }, 1],
    ['the breaker has closed, and opened again', { isClosed: false, lastOpenedAt: SINCE + 60_001 }, 2],
    [
      'the breaker has opened since the run began',
      { isClosed: false, lastOpenedAt: SINCE + 60_001, startedAt: 60_000 },
      2,
    ],
    [
      'the breaker has opened before the run',
      { isClosed: false, lastOpenedAt: SINCE + 60_001, startedAt: 60_001 },
      1.5,
    ],
    [
      'others were served, and it failed as a probe',
      { isClosed: false, lastOpenedAt: SINCE + 1, servedAt: SINCE + 70_000, startedAt: 80_000 },
      1.5,
    ],
    ['the breaker has stayed open', { isClosed: false, changedAt: SINCE + 80_000, lastOpenedAt: SINCE }, 1],
  ])('since the one before, %s', (_, { startedAt = 0, ...known }, rounds) => {
    const run = { ...times, startedAt: SINCE + startedAt };
    expect(nextOutageRecord(record(1), 'upstream', { ...quiet, ...known }, run)).toEqual({
      since: SINCE,
      at: SINCE + 90_000,
      rounds,
    });
  });

  test('begin with the first failure of the upstream', () => {
    expect(nextOutageRecord(undefined, 'upstream', quiet, times)).toEqual({ since: SINCE, at: times.nowMs, rounds: 1 });
    expect(next({}, record(0))).toMatchObject({ rounds: 1 });
  });

  test.each(['turned-away', 'infrastructure'] as const)('do not grow by a failure of the kind %s', (kind) => {
    const known = { ...quiet, servedAt: SINCE + 80_000 };
    expect(nextOutageRecord(record(3), kind, known, times)).toEqual({ since: SINCE, at: times.nowMs, rounds: 3 });
    expect(nextOutageRecord(undefined, kind, undefined, times)).toMatchObject({ since: SINCE, rounds: 0 });
  });
});

test.each([
  ['closed: as long as it would stay open', { status: 'closed' as const, epoch: 0 }, 30_000],
  ['open', { status: 'open' as const, epoch: 1, openUntil: SINCE + 7_000, held: false, lastOpenedAt: 0 }, 7_000],
  [
    'half-open, after a probe that was given back',
    { status: 'half-open' as const, epoch: 1, successes: 0, lastOpenedAt: 0, nextProbeAt: SINCE + 9_000 },
    9_000,
  ],
  ['half-open', { status: 'half-open' as const, epoch: 1, successes: 0, lastOpenedAt: 0 }, 0],
])('the window of a breaker that is %s', (_, state, leftMs) => {
  expect(windowLeftMs(state, 30_000, SINCE)).toBe(leftMs);
});
