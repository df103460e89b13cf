import type { FleetRun } from './fleet-run';
import { judge } from './judge';
import type { SeenCall } from './upstream-model';
import type { OpenWindow } from './world';

const UP_AGAIN = 660_000;
const RECOVERY_MS = 160_000;

/** Calls and windows in seconds; one that begins before the upstream is back meets the outage. */
const call = (atSeconds: number, isPoison = false): SeenCall => {
  const atMs = atSeconds * 1_000;
  return { atMs, isDown: atMs < UP_AGAIN, isBlind: false, isPoison };
};
const window = (from: number, probeFrom: number, to: number): OpenWindow => ({
  fromMs: from * 1_000,
  probeFromMs: probeFrom * 1_000,
  toMs: to * 1_000,
});

const runOf = (change: Partial<FleetRun>): FleetRun => ({
  seed: 1,
  outages: [[60_000, UP_AGAIN]],
  jobs: 10,
  poison: 0,
  calls: [],
  openWindows: [],
  deadByOutage: 0,
  deadPoison: 0,
  unfinished: 0,
  endings: [],
  recoveryMs: RECOVERY_MS,
  figures: {},
  ...change,
});

/** Seconds that the ideal waits for its first probe that can succeed. */
const idealWait = (openWindows: readonly OpenWindow[], calls: readonly SeenCall[]): number => {
  const idealOf = (run: FleetRun) => RECOVERY_MS / judge(run).rampRatio;
  return Math.round((idealOf(runOf({ openWindows, calls })) - idealOf(runOf({}))) / 1_000);
};

describe('the ideal ramp waits', () => {
  test('for the rest of the open window', () => {
    expect(idealWait([window(640, 680, 740)], [call(600), call(681), call(710)])).toBe(20);
  });

  test('for nothing where the window was over', () => {
    expect(idealWait([window(600, 632, 730)], [call(661), call(695)])).toBe(0);
  });

  test('for the window after a probe that began before the upstream was back', () => {
    const windows = [window(600, 632, 662), window(662, 700, 760)];
    expect(idealWait(windows, [call(633), call(701), call(730)])).toBe(40);
  });

  test('for the window after a probe with a job that no upstream serves', () => {
    const windows = [window(630, 662, 663), window(663, 710, 770)];
    expect(idealWait(windows, [call(662.5, true), call(711), call(740)])).toBe(50);
  });

  test('not for a probe whose outcome was lost', () => {
    expect(idealWait([window(600, 632, 750)], [call(633), call(695), call(723)])).toBe(0);
  });

  test('not for the windows of a later opening', () => {
    const windows = [window(600, 632, 662), window(900, 930, 960)];
    expect(idealWait(windows, [call(633), call(931)])).toBe(0);
  });
});

describe('the calls of a window', () => {
  const most = (openWindows: readonly OpenWindow[], calls: readonly SeenCall[]) =>
    judge(runOf({ openWindows, calls })).callsPerWindow;
  const windows = [window(100, 130, 140), window(140, 180, 200)];

  test('are those that met the outage, by window', () => {
    expect(most(windows, [call(131), call(181)])).toBe(1);
    expect(most(windows, [call(131), call(181), call(182)])).toBe(2);
  });

  test('are not those of a worker that has read the row just before the opening', () => {
    expect(most(windows, [call(101), call(102), call(131)])).toBe(1);
    expect(most(windows, [call(141), call(181)])).toBe(2);
  });

  test('are not those of a worker that could not reach the store', () => {
    expect(most(windows, [call(181), { ...call(182), isBlind: true }])).toBe(1);
  });
});
