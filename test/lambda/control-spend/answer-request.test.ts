import { HoldStatus } from '../../../lib/contract/consumer-hold';
import { CAPS, CUT_OFF, OPEN, OPERATOR, SpendWorld, START, USD } from './spend-world';

let world: SpendWorld;
beforeEach(async () => {
  world = new SpendWorld();
  await world.open();
});

const order = { by: OPERATOR, reason: 'INC-7' };
const cap = CAPS.globalDay;

describe('status', () => {
  test('tells each window, the caps by where they come from, and that nothing is cut off', async () => {
    await world.spend(20 * USD, 10 * USD);
    await world.spend(5 * USD);
    await world.ask({ action: 'set', month: 500 * USD, ...order });
    expect(await world.ask({ action: 'status' })).toEqual({
      kind: 'status',
      report: {
        day: {
          window: '2026-11-22',
          cap,
          spent: 10 * USD,
          reserved: 5 * USD,
          left: 35 * USD,
          spentPercent: 20,
          resetsAt: '2026-11-23T00:00:00.000Z',
        },
        month: {
          window: '2026-11',
          cap: 500 * USD,
          spent: 10 * USD,
          reserved: 5 * USD,
          left: 485 * USD,
          spentPercent: 2,
          resetsAt: '2026-12-01T00:00:00.000Z',
        },
        deployed: CAPS,
        override: { globalMonth: 500 * USD },
      },
    });
  });

  test('tells since when, by whom and why spending is cut off, which window is used up, and how far the hold is', async () => {
    await world.spend(cap, cap);
    expect(await world.ask({ action: 'status' })).toMatchObject({ report: { usedUp: '2026-11-22' } });
    await world.ask({ action: 'cut', ...order });
    expect(await world.ask({ action: 'status' })).toMatchObject({
      report: { cut: { ...order, at: START }, usedUp: '2026-11-22', hold: HoldStatus.HELD },
    });
  });

  test('tells of one client under the caps that it was given', async () => {
    await world.spend(20 * USD, 10 * USD);
    const clientId = 'abcdefgh12345678';
    expect(await world.ask({ action: 'status', clientId, clientCaps: { perDay: 40 * USD } })).toMatchObject({
      client: {
        day: { cap: 40 * USD, spent: 10 * USD, left: 30 * USD, spentPercent: 25 },
        month: { spent: 10 * USD },
      },
    });
    const nobody = await world.ask({ action: 'status', clientId: '1111111122222222' });
    expect(nobody).toMatchObject({ client: { day: { spent: 0, reserved: 0 } } });
    expect(nobody).not.toHaveProperty('client.day.cap');
  });

  test('says that it does not know how the hold is, where that cannot be read', async () => {
    world.before = (step) => {
      if (step === 'read hold') throw new Error('the control table is down');
    };
    expect(await world.ask({ action: 'status' })).toMatchObject({ report: { hold: 'unknown' } });
  });
});

describe('set', () => {
  test('changes the caps that it names, says what was before, and is so at once', async () => {
    expect(await world.ask({ action: 'set', day: 60 * USD, ...order })).toMatchObject({
      kind: 'done',
      changed: true,
      before: { day: { cap }, override: {} },
      report: { day: { cap: 60 * USD }, month: { cap: CAPS.globalMonth }, override: { globalDay: 60 * USD } },
      unfinished: [],
    });
    expect(await world.ask({ action: 'set', day: 60 * USD, ...order })).toMatchObject({ changed: false });
    await expect(world.spend(61 * USD)).rejects.toThrow('not reserved: refused');
    await world.spend(60 * USD);
  });

  test('takes them back to the deployed ones, which a later deployment then changes', async () => {
    await world.ask({ action: 'set', day: 60 * USD, month: 70 * USD, ...order });
    const reset = { action: 'set', day: 'deployed', month: 'deployed', ...order } as const;
    expect(await world.ask(reset)).toMatchObject({ changed: true, report: { override: {}, day: { cap } } });
    world.caps = { globalDay: 10 * USD };
    await world.run();
    expect(await world.ask({ action: 'status' })).toMatchObject({ report: { day: { cap: 10 * USD } } });
  });

  test('survives a deployment', async () => {
    await world.ask({ action: 'set', day: 60 * USD, ...order });
    world.caps = { globalDay: 10 * USD };
    await world.run();
    expect(await world.ask({ action: 'status' })).toMatchObject({
      report: { day: { cap: 60 * USD }, deployed: { globalDay: 10 * USD } },
    });
  });

  test('to less than is spent says so: the next run cuts off', async () => {
    await world.spend(10 * USD, 10 * USD);
    expect(await world.ask({ action: 'set', day: 5 * USD, ...order })).toMatchObject({
      report: { usedUp: '2026-11-22', day: { left: 0, spentPercent: 200 } },
    });
    await world.run();
    expect(world.around()).toEqual(CUT_OFF);
  });
});

describe('cut', () => {
  test('cuts off at once with everything that follows, in the operator’s name, and leaves the audit to the command', async () => {
    expect(await world.ask({ action: 'cut', ...order })).toMatchObject({
      kind: 'done',
      changed: true,
      report: { cut: { ...order, at: START }, hold: HoldStatus.HELD },
      unfinished: [],
    });
    expect(await world.canSpend()).toBe(false);
    expect(world.around()).toEqual(CUT_OFF);
    expect(world.gauges.SpendCutOff).toBe(1);
    expect(world.audit.size).toBe(0);
    await world.run();
    expect(world.audit.size).toBe(0);
  });

  test('what is cut off already stays so in the first one’s name', async () => {
    await world.ask({ action: 'cut', ...order });
    world.nowMs += 1_000;
    expect(await world.ask({ action: 'cut', by: 'another', reason: 'me too' })).toMatchObject({
      changed: false,
      report: { cut: { ...order, at: START } },
    });
  });

  test('stops a call that has not begun, and lets one that has end', async () => {
    const [begun, waiting] = [await world.spend(USD), await world.spend(USD)];
    await world.money.begin(begun, { callId: '1', estimate: USD, nowMs: START });
    await world.ask({ action: 'cut', ...order });
    const begin = world.money.begin(waiting, { callId: '1', estimate: USD, nowMs: START });
    expect(await begin).toMatchObject({ kind: 'cut', cut: order });
    const settled = await world.money.settle(begun, { callId: '1', amount: 1, close: true });
    expect(settled).toMatchObject({ kind: 'settled' });
  });

  test('is done although what follows it fails, which the answer says and the next run makes good', async () => {
    world.before = (step) => {
      if (step === 'read plan' || step === 'read consumer') throw new Error('AWS is down');
    };
    expect(await world.ask({ action: 'cut', ...order })).toMatchObject({
      kind: 'done',
      changed: true,
      unfinished: ['pause the consumer', 'look at the usage plan plan1', 'look at the usage plan plan2'],
    });
    expect(await world.canSpend()).toBe(false);
    world.before = () => undefined;
    await world.run();
    expect(world.around()).toEqual(CUT_OFF);
  });

  test('is done although the ledger cannot be read any more after it', async () => {
    world.before = (step) => {
      if (step === 'read hold') {
        world.before = (later) => {
          if (later.endsWith('ledger')) throw new Error('DynamoDB is down');
        };
      }
    };
    expect(await world.ask({ action: 'cut', ...order })).toMatchObject({
      changed: true,
      unfinished: ['make consumer and usage plans follow the ledger'],
    });
    expect(world.isCutOff()).toBe(true);
  });

  test('fails where the ledger could not be told: nothing else is done then', async () => {
    world.before = (step) => {
      if (step === 'write ledger') throw new Error('DynamoDB is down');
    };
    await expect(world.ask({ action: 'cut', ...order })).rejects.toMatchObject({ name: 'LedgerUnavailableError' });
    expect(world.around()).toEqual(OPEN);
  });
});

describe('restore', () => {
  test('brings everything back, and has the consumer resumed by its usual steps', async () => {
    await world.ask({ action: 'cut', ...order });
    expect(await world.ask({ action: 'restore', ...order })).toMatchObject({
      kind: 'done',
      changed: true,
      before: { cut: order },
      report: { hold: HoldStatus.LIFTED },
      unfinished: [],
    });
    expect(await world.canSpend()).toBe(true);
    expect(world.control).toHaveLength(1);
    world.followMessages();
    expect(world.around()).toEqual(OPEN);
    expect(world.gauges.SpendCutOff).toBe(0);
  });

  test('refuses while the cap is used up, as it would be cut off again within a minute', async () => {
    await world.spend(cap, cap);
    await world.run();
    expect(await world.ask({ action: 'restore', ...order })).toEqual({
      kind: 'refused',
      code: 'used-up',
      message:
        'the cap of 2026-11-22 is used up ($50.00 of $50.00 are spent): spending would be cut off again within a minute',
    });
    expect(world.around()).toEqual(CUT_OFF);
  });

  test('by force restores all the same, and is cut off again within a minute', async () => {
    await world.spend(cap, cap);
    await world.run();
    expect(await world.ask({ action: 'restore', force: true, ...order })).toMatchObject({ changed: true });
    expect(world.isCutOff()).toBe(false);
    await world.run();
    expect(world.around()).toEqual(CUT_OFF);
    expect(world.audit.size).toBe(2);
  });

  test.each([
    ['with a higher cap', () => world.ask({ action: 'set', day: 2 * cap, ...order })],
    [
      'in the next window',
      () => {
        world.nowMs += 86_400_000;
      },
    ],
  ])('goes on %s', async (_, prepare) => {
    await world.spend(cap, cap);
    await world.run();
    await prepare();
    expect(await world.ask({ action: 'restore', ...order })).toMatchObject({ changed: true });
    world.followMessages();
    await world.run();
    expect(world.around()).toEqual(OPEN);
  });

  test('where nothing is cut off changes nothing', async () => {
    expect(await world.ask({ action: 'restore', ...order })).toMatchObject({ kind: 'done', changed: false });
    expect(world.around()).toEqual(OPEN);
    expect(world.held).toBeUndefined();
  });
});

describe('prices', () => {
  test('tells of every model, or of one', async () => {
    const now = { validFrom: '1970-01-01T00:00:00.000Z', input: '1', output: '1', cacheRead: '1', cacheWrite: '1' };
    const all = { kind: 'prices', at: new Date(START).toISOString(), models: [{ model: 'm', now }] };
    expect(await world.ask({ action: 'prices' })).toEqual(all);
    expect(await world.ask({ action: 'prices', model: 'm' })).toEqual(all);
    expect(await world.ask({ action: 'prices', model: 'n' })).toEqual({
      kind: 'refused',
      code: 'unknown-model',
      message: 'the price book does not know the model n',
    });
  });
});
