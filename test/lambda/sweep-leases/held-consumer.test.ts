import '../doubles/environment';
import { type ControlFacts, reminderFor } from '../../../lambda/sweep-leases/heal-control';
import { HoldStatus } from '../../../lib/contract/consumer-hold';
import type { BreakerRow } from '../../../lib/contract/control';
import { MAX_CONCURRENCY, STUCK_AFTER_MS } from '../doubles/environment';
import { sqsRecord } from '../doubles/events';
import { holdRow } from '../doubles/hold-row';
import { ABANDONED_AFTER_MS, SweepWorld, swept } from './sweep-world';

const { HELD, LIFTING, LIFTED } = HoldStatus;
const DAY_MS = 86_400_000;

let world: SweepWorld;
beforeEach(() => {
  world = new SweepWorld();
});

describe.each([HELD, LIFTING])('while the hold is %s', (status) => {
  test('a job that waits is waiting on purpose: never sent again, never given up, for however long', async () => {
    const { jobId } = await world.processor.submit();
    world.held = holdRow({ status });
    for (let day = 0; day < 30; day += 1) {
      world.processor.nowMs += DAY_MS;
      expect(await world.run()).toEqual(swept(0));
    }
    expect(world.sentJobs()).toEqual([]);
    expect(world.cloud.job(jobId)).toMatchObject({ status: 'queued' });
    expect(world.cloud.job(jobId)).not.toHaveProperty('resent');
  });

  test('a job whose worker died waits for the end of the hold', async () => {
    const message = await world.processor.submit();
    await world.abandon(message);
    world.processor.nowMs += ABANDONED_AFTER_MS;
    world.held = holdRow({ status });
    expect(await world.run()).toEqual(swept(0));
    world.held = holdRow({ status: LIFTED, changedAt: world.processor.nowMs });
    expect(await world.run()).toEqual(swept(1));
  });

  test('nobody is reminded of a paused consumer', async () => {
    world.held = holdRow({ status });
    world.consumer = { isEnabled: false, concurrency: MAX_CONCURRENCY };
    world.processor.nowMs += DAY_MS;
    await world.run();
    expect(world.reminders).toEqual([]);
  });
});

test('once it is lifted every job waits anew, and one whose message has expired meanwhile is sent again and runs', async () => {
  const message = await world.processor.submit();
  world.processor.nowMs += 5 * DAY_MS;
  world.held = holdRow({ status: LIFTED, changedAt: world.processor.nowMs });
  world.processor.nowMs += STUCK_AFTER_MS - 1;
  expect(await world.run()).toEqual(swept(0));
  world.processor.nowMs += 1;
  expect(await world.run()).toEqual(swept(1));
  await world.processor.process(sqsRecord(message));
  expect(world.cloud.job(message.jobId)).toMatchObject({ status: 'succeeded' });
});

const NOW = Date.parse('2026-11-22T12:00:00Z');
const row = (overrides: Partial<BreakerRow> = {}): BreakerRow => ({
  name: 'breaker#upstream',
  status: 'closed',
  epoch: 4,
  changedAt: NOW - DAY_MS,
  reason: 'failure-rate',
  openings: 0,
  successes: 0,
  ...overrides,
});
const reminder = (facts: Partial<ControlFacts>) =>
  reminderFor({
    breaker: 'upstream',
    row: row(),
    consumer: { isEnabled: false, concurrency: 50 },
    nowMs: NOW,
    maxConcurrency: 50,
    stepSeconds: 30,
    ...facts,
  });
const lifted = (agoMs: number) => holdRow({ status: LIFTED, changedAt: NOW - agoMs });

test.each<[string, Partial<ControlFacts>, object | undefined]>([
  ['a paused consumer whose hold ended 30 s ago', { hold: lifted(30_000) }, undefined],
  [
    'one whose hold ended longer ago: the message that resumes it was lost',
    { hold: lifted(30_001) },
    { kind: 'resume', breaker: 'upstream', epoch: 4, concurrency: 2 },
  ],
  [
    'a consumer that is taking its steps since the end of its hold',
    { hold: lifted(210_000), consumer: { isEnabled: true, concurrency: 8 } },
    undefined,
  ],
  [
    'one whose steps take too long',
    { hold: lifted(210_001), consumer: { isEnabled: true, concurrency: 8 } },
    { kind: 'resume', breaker: 'upstream', epoch: 4, concurrency: 16 },
  ],
  [
    'an open breaker whose probe fell into the time of the hold',
    { hold: lifted(0), row: row({ status: 'open', openUntil: NOW - 60_000 }) },
    { kind: 'probe', breaker: 'upstream', epoch: 4, idle: 0 },
  ],
  ['a held consumer under an open breaker', { hold: holdRow(), row: row({ status: 'open', openUntil: 0 }) }, undefined],
])('%s', (_, facts, expected) => {
  expect(reminder(facts)).toEqual(expected);
});
