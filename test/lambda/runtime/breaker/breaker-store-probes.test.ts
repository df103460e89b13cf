import type { IBreakerStore } from '../../../../lambda/runtime/breaker/breaker-store';
import { stateOf } from '../../../../lambda/runtime/breaker/transitions';
import type { BreakerRow } from '../../../../lib/contract/control';
import { interference, NAME, NOW, OPEN_ROW, PROBE, SUCCEEDED, storeMakers, TRIP } from './breaker-store-scene';

describe.each(Object.entries(storeMakers))('%s', (_, make) => {
  let store: IBreakerStore;

  beforeEach(() => {
    interference.before = () => undefined;
    store = make();
  });

  const halfOpen = async () => {
    await store.trip(NAME, TRIP);
    return store.takeProbe(NAME, PROBE);
  };

  test('gives the probe when the window is over, to one', async () => {
    await store.trip(NAME, TRIP);
    await expect(store.takeProbe(NAME, { ...PROBE, nowMs: NOW + 29_999 })).resolves.toEqual({
      done: false,
      row: OPEN_ROW,
    });
    await expect(store.takeProbe(NAME, { ...PROBE, epoch: 0 })).resolves.toMatchObject({ done: false });
    const { openUntil: _, ...unchanged } = OPEN_ROW;
    const row = {
      ...unchanged,
      status: 'half-open',
      epoch: 2,
      changedAt: NOW + 30_000,
      reason: 'probe',
      probeOwner: 'a#1',
      probeUntil: NOW + 40_000,
    };
    await expect(store.takeProbe(NAME, PROBE)).resolves.toEqual({ done: true, row });
    await expect(store.takeProbe(NAME, { ...PROBE, owner: 'b#1' })).resolves.toEqual({ done: false, row });
    await expect(store.takeProbe(NAME, { ...PROBE, owner: 'b#1', epoch: 2 })).resolves.toEqual({ done: false, row });
  });

  test('gives the same taking the same answer again', async () => {
    const taken = await halfOpen();
    const steps: string[] = [];
    interference.before = (step) => void steps.push(step);
    await expect(store.takeProbe(NAME, PROBE)).resolves.toEqual(taken);
    expect(steps).not.toContain('PutItem');
  });

  test.each([
    [40_500, false],
    [40_501, true],
  ])('lets another take an abandoned probe over at +%i ms: %s', async (atMs, done) => {
    await halfOpen();
    const answer = await store.takeProbe(NAME, { ...PROBE, owner: 'b#1', epoch: 2, nowMs: NOW + atMs });
    expect(answer).toMatchObject({
      done,
      row: done
        ? { epoch: 2, probeOwner: 'b#1', probeUntil: NOW + atMs + 10_000 }
        : { epoch: 2, probeOwner: 'a#1', probeUntil: NOW + 40_000 },
    });
  });

  test('no probe where there is no row, or it is closed', async () => {
    await expect(store.takeProbe(NAME, { ...PROBE, epoch: 0 })).resolves.toEqual({ done: false, row: undefined });
    const { row } = await store.force(NAME, { to: 'closed', nowMs: NOW, reason: 'checked' });
    await expect(store.takeProbe(NAME, PROBE)).resolves.toEqual({ done: false, row });
  });

  test('closes at the second success under the same epoch', async () => {
    await halfOpen();
    const first = { owner: 'a#1', epoch: 2, nowMs: NOW + 31_000, result: SUCCEEDED };
    const after = await store.recordProbe(NAME, first);
    expect(after).toEqual({
      done: true,
      row: {
        name: 'breaker#upstream',
        status: 'half-open',
        epoch: 2,
        changedAt: NOW + 30_000,
        reason: 'probe',
        openings: 1,
        successes: 1,
        lastOpenedAt: NOW,
      },
    });
    await expect(store.recordProbe(NAME, first)).resolves.toEqual({ done: false, row: after.row });
    await store.takeProbe(NAME, { ...PROBE, owner: 'b#1', epoch: 2 });
    await expect(
      store.recordProbe(NAME, { owner: 'b#1', epoch: 2, nowMs: NOW + 32_000, result: SUCCEEDED }),
    ).resolves.toEqual({
      done: true,
      row: {
        name: 'breaker#upstream',
        status: 'closed',
        epoch: 3,
        changedAt: NOW + 32_000,
        reason: 'probes-succeeded',
        openings: 0,
        successes: 0,
        lastOpenedAt: NOW,
      },
    });
  });

  test('opens again, longer in a row, when the probe fails', async () => {
    await halfOpen();
    const result = { kind: 'failed', openUntil: NOW + 90_000, reason: 'probe-failed' } as const;
    await expect(store.recordProbe(NAME, { owner: 'a#1', epoch: 2, nowMs: NOW + 31_000, result })).resolves.toEqual({
      done: true,
      row: {
        ...OPEN_ROW,
        epoch: 3,
        changedAt: NOW + 31_000,
        reason: 'probe-failed',
        openUntil: NOW + 90_000,
        openings: 2,
      },
    });
  });

  test('gives a released probe to the next when its time has come, and forgets the time', async () => {
    const { row: taken } = await halfOpen();
    const nextProbeAt = NOW + 60_000;
    const result = { kind: 'released', nextProbeAt } as const;
    const { row } = await store.recordProbe(NAME, { owner: 'a#1', epoch: 2, nowMs: NOW, result });
    const { probeOwner: _owner, probeUntil: _until, ...free } = taken as BreakerRow;
    expect(row).toStrictEqual({ ...free, nextProbeAt });
    expect(stateOf(row)).toEqual({ status: 'half-open', epoch: 2, successes: 0, lastOpenedAt: NOW, nextProbeAt });
    const next = { ...PROBE, owner: 'b#1', epoch: 2, nowMs: nextProbeAt };
    await expect(store.takeProbe(NAME, { ...next, nowMs: nextProbeAt - 1 })).resolves.toEqual({ done: false, row });
    await expect(store.takeProbe(NAME, next)).resolves.toStrictEqual({
      done: true,
      row: { ...free, probeOwner: 'b#1', probeUntil: nextProbeAt + 10_000 },
    });
  });

  test.each([
    ['another’s', { owner: 'b#1', epoch: 2 }],
    ['of another epoch', { owner: 'a#1', epoch: 1 }],
  ])('does not record a result that is %s', async (_what, of) => {
    const { row } = await halfOpen();
    await expect(store.recordProbe(NAME, { ...of, nowMs: NOW, result: SUCCEEDED })).resolves.toEqual({
      done: false,
      row,
    });
  });

  test('records no probe of a breaker without a row, nor of one that was closed by hand', async () => {
    const record = { owner: 'a#1', epoch: 2, nowMs: NOW, result: SUCCEEDED };
    await expect(store.recordProbe(NAME, record)).resolves.toEqual({ done: false, row: undefined });
    await halfOpen();
    const { row } = await store.force(NAME, { to: 'closed', nowMs: NOW, reason: 'checked' });
    await expect(store.recordProbe(NAME, record)).resolves.toEqual({ done: false, row });
  });

  test('of many that take the probe at once, one has it', async () => {
    await store.trip(NAME, TRIP);
    const takings = Array.from({ length: 50 }, (_none, index) =>
      store.takeProbe(NAME, { ...PROBE, owner: `w${index}` }),
    );
    const done = (await Promise.all(takings)).filter((answer) => answer.done);
    expect(done).toHaveLength(1);
    expect(await store.read(NAME)).toEqual(done[0]?.row);
  });
});
