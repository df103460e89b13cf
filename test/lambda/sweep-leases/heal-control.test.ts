import { type ControlFacts, reminderFor } from '../../../lambda/sweep-leases/heal-control';
import type { BreakerRow } from '../../../lib/contract/control';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const running = { isEnabled: true, concurrency: 50 };
const paused = { isEnabled: false, concurrency: 50 };
const row = (overrides: Partial<BreakerRow>): BreakerRow => ({
  name: 'breaker#upstream',
  status: 'closed',
  epoch: 4,
  changedAt: NOW - 3_600_000,
  reason: 'failure-rate',
  openings: 0,
  successes: 0,
  ...overrides,
});
const reminder = (facts: Partial<ControlFacts>) =>
  reminderFor({
    breaker: 'upstream',
    row: row({}),
    consumer: running,
    nowMs: NOW,
    maxConcurrency: 50,
    stepSeconds: 30,
    ...facts,
  });
const probe = { kind: 'probe', breaker: 'upstream', epoch: 4, idle: 0 };
const resume = (concurrency: number, epoch = 4) => ({ kind: 'resume', breaker: 'upstream', epoch, concurrency });
const open = (overrides: Partial<BreakerRow> = {}) => row({ status: 'open', openUntil: NOW - 30_000, ...overrides });

test('where all is well nobody is reminded', () => {
  expect(reminder({})).toBeUndefined();
  expect(reminder({ row: undefined })).toBeUndefined();
});

test.each<[string, Partial<ControlFacts>, object | undefined]>([
  ['a paused consumer under a closed breaker', { consumer: paused }, resume(2)],
  ['a paused consumer under a breaker that never opened', { consumer: paused, row: undefined }, resume(2, 0)],
  ['one that closed 30 s ago', { consumer: paused, row: row({ changedAt: NOW - 30_000 }) }, undefined],
  ['one that closed longer ago', { consumer: paused, row: row({ changedAt: NOW - 30_001 }) }, resume(2)],
  ['a consumer that stopped at a step', { consumer: { isEnabled: true, concurrency: 8 } }, resume(16)],
  ['one that stopped before the last step', { consumer: { isEnabled: true, concurrency: 32 } }, resume(50)],
  [
    'one that is taking its steps: 5 of 30 s, one for luck and the margin',
    { consumer: { isEnabled: true, concurrency: 8 }, row: row({ changedAt: NOW - 210_000 }) },
    undefined,
  ],
  [
    'one whose steps take too long',
    { consumer: { isEnabled: true, concurrency: 8 }, row: row({ changedAt: NOW - 210_001 }) },
    resume(16),
  ],
  ['a window that ended 30 s ago', { consumer: paused, row: open() }, undefined],
  ['a window that ended longer ago', { consumer: paused, row: open({ openUntil: NOW - 30_001 }) }, probe],
  ['a breaker held open', { consumer: paused, row: open({ openUntil: NOW - 60_000, held: true }) }, undefined],
  ['a consumer that runs under a breaker held open', { row: open({ held: true }) }, probe],
  ['a consumer that runs under an open breaker', { row: open({ openUntil: NOW + 60_000 }) }, probe],
  [
    'one that the controller is just pausing',
    { row: open({ openUntil: NOW + 60_000, changedAt: NOW - 30_000 }) },
    undefined,
  ],
  [
    'a probe that is under way',
    { consumer: paused, row: row({ status: 'half-open', probeOwner: 'a', probeUntil: NOW - 30_000 }) },
    undefined,
  ],
  [
    'a probe whose worker died',
    { consumer: paused, row: row({ status: 'half-open', probeOwner: 'a', probeUntil: NOW - 30_001 }) },
    probe,
  ],
  [
    'a probe that was given back less than a window and 30 s ago',
    { consumer: paused, row: row({ status: 'half-open', nextProbeAt: NOW - 30_000 }) },
    undefined,
  ],
  [
    'one that was given back longer ago, and which nobody has followed',
    { consumer: paused, row: row({ status: 'half-open', nextProbeAt: NOW - 30_001 }) },
    probe,
  ],
  ['a half-open breaker that nobody probes', { consumer: paused, row: row({ status: 'half-open' }) }, probe],
])('%s', (_, facts, expected) => {
  expect(reminder(facts)).toEqual(expected);
});
