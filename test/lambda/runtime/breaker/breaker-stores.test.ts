import type { IBreakerStore } from '../../../../lambda/runtime/breaker/breaker-store';
import { stateOf } from '../../../../lambda/runtime/breaker/transitions';
import { interference, NAME, NOW, OPEN_ROW, PROBE, storeMakers, TRIP } from './breaker-store-scene';

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

  test('has no row of a breaker that never opened', async () => {
    await expect(store.read(NAME)).resolves.toBeUndefined();
  });

  test('opens a closed breaker, once', async () => {
    await expect(store.trip(NAME, TRIP)).resolves.toEqual({ done: true, row: OPEN_ROW });
    await expect(store.read(NAME)).resolves.toEqual(OPEN_ROW);
    const later = { ...TRIP, nowMs: NOW + 5, openUntil: NOW + 99_000, reason: 'other' };
    await expect(store.trip(NAME, later)).resolves.toEqual({ done: false, row: OPEN_ROW });
    await expect(store.trip(NAME, { ...later, expectedEpoch: 1 })).resolves.toEqual({ done: false, row: OPEN_ROW });
  });

  test('does not open for an epoch that is over', async () => {
    await expect(store.trip(NAME, { ...TRIP, expectedEpoch: 4 })).resolves.toEqual({ done: false, row: undefined });
    const { row } = await store.force(NAME, { to: 'closed', nowMs: NOW, reason: 'checked' });
    expect(row).toStrictEqual({
      name: 'breaker#upstream',
      status: 'closed',
      epoch: 1,
      changedAt: NOW,
      reason: 'checked',
      openings: 0,
      successes: 0,
    });
    expect(stateOf(row)).toStrictEqual({ status: 'closed', epoch: 1, closedAt: NOW });
    await expect(store.trip(NAME, TRIP)).resolves.toEqual({ done: false, row });
  });

  test('keeps breakers apart by their names', async () => {
    await store.trip(NAME, TRIP);
    await expect(store.read('other')).resolves.toBeUndefined();
  });

  test('an operator holds it open: no window ends that', async () => {
    const { row } = await store.force(NAME, { to: 'open', nowMs: NOW, reason: 'provider asked' });
    expect(row).toEqual({ ...OPEN_ROW, reason: 'provider asked', openUntil: NOW, held: true });
    await expect(store.takeProbe(NAME, { ...PROBE, nowMs: NOW + 1e9 })).resolves.toEqual({ done: false, row });
    await expect(store.force(NAME, { to: 'open', nowMs: NOW + 1, reason: 'still' })).resolves.toMatchObject({
      row: { epoch: 2, openings: 2, lastOpenedAt: NOW, changedAt: NOW + 1 },
    });
  });

  test('an operator closes it, and takes the probe from whoever had it', async () => {
    await halfOpen();
    await expect(store.force(NAME, { to: 'closed', nowMs: NOW + 9, reason: 'checked' })).resolves.toEqual({
      done: true,
      row: {
        name: 'breaker#upstream',
        status: 'closed',
        epoch: 3,
        changedAt: NOW + 9,
        reason: 'checked',
        openings: 0,
        successes: 0,
        lastOpenedAt: NOW,
      },
    });
  });
});
