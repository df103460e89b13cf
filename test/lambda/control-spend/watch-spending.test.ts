import { HoldStatus } from '../../../lib/contract/consumer-hold';
import { UPSTREAM_BREAKER } from '../../../lib/contract/control';
import { CAPS, CUT_OFF, DEPLOYED, MINUTE_MS, OPEN, SpendWorld, START, USD } from './spend-world';

let world: SpendWorld;
beforeEach(async () => {
  world = new SpendWorld();
  await world.open();
});

const cap = CAPS.globalDay;
const useUp = () => world.spend(cap, cap);
const loud = () => world.lines.filter(({ level }) => level === 'error' || level === 'warn').map(({ text }) => text);

describe('the gauges', () => {
  test('are of what is spent, and beside that of what is committed, by window', async () => {
    await world.spend(20 * USD, 10 * USD);
    await world.spend(25 * USD);
    await world.run();
    expect(world.gauges).toEqual({
      'SpendPercent window=day': 20,
      'SpendCommittedPercent window=day': 70,
      'SpendPercent window=month': 1,
      'SpendCommittedPercent window=month': 3.5,
      SpendCutOff: 0,
    });
  });

  test('are never rounded up to a level that was not reached', async () => {
    await world.spend(cap, 39_999_999);
    await world.run();
    expect(world.gauges['SpendPercent window=day']).toBe(79.99);
    expect(loud()).toEqual(['50 % of the cap of 2026-11-22 are spent.']);
  });

  test('of a window without a cap there are none, and of a cap of nothing all is spent', async () => {
    world.caps = { globalDay: 0 };
    await world.run();
    expect(world.gauges).toMatchObject({ 'SpendPercent window=day': 100, SpendCutOff: 1 });
    expect(world.gauges).not.toHaveProperty('SpendPercent window=month');
  });
});

describe('a warning', () => {
  test.each([
    [24_999_999, undefined],
    [25_000_000, 50],
    [39_999_999, 50],
    [40_000_000, 80],
    [47_499_999, 80],
    [47_500_000, 95],
  ])('with %i micro-USD of 50 dollars spent is that of %p %%', async (spent, level) => {
    await world.spend(cap, spent);
    await world.run();
    expect([...world.warned]).toEqual(level === undefined ? [] : [[`2026-11-22#${cap}`, level]]);
    expect(loud()).toEqual(level === undefined ? [] : [`${level} % of the cap of 2026-11-22 are spent.`]);
  });

  test('comes once for each level, however many runs see it, and none for what is only reserved', async () => {
    await world.spend(20 * USD);
    for (const amount of [0, 0, 25, 0, 0, 2.5, 0].map((dollars) => dollars * USD)) {
      if (amount > 0) await world.spend(amount, amount);
      await world.run();
    }
    expect(loud()).toEqual(['50 % of the cap of 2026-11-22 are spent.']);
  });

  test('comes anew in the next window, and under another cap of the same', async () => {
    await world.spend(cap, 30 * USD);
    await world.run();
    await world.ask({ action: 'set', day: 60 * USD, by: 'x', reason: 'more' });
    await world.run();
    world.nowMs += 86_400_000;
    await world.spend(cap, 30 * USD);
    await world.run();
    const of50 = (window: string) => `50 % of the cap of ${window} are spent.`;
    expect(loud().filter((text) => text.includes('%'))).toEqual([
      of50('2026-11-22'),
      of50('2026-11-22'),
      of50('2026-11-23'),
    ]);
  });

  test('that cannot be written down keeps nothing from being cut off, and is an error in the end', async () => {
    await useUp();
    world.before = (step) => {
      if (step === 'claim') throw new Error('the control table is down');
    };
    await expect(world.run()).rejects.toThrow(AggregateError);
    expect(world.around()).toEqual(CUT_OFF);
  });
});

describe('a cap that is used up', () => {
  test('cuts off: the ledger, the hold and the consumer, every usage plan, the gauge, the audit', async () => {
    await useUp();
    await world.run();
    expect(world.isCutOff()).toBe(true);
    expect(await world.canSpend()).toBe(false);
    expect(world.around()).toEqual(CUT_OFF);
    const reason = 'the cap of 2026-11-22 is used up: $50.00 of $50.00 are spent';
    const at = START + MINUTE_MS;
    expect(world.held).toMatchObject({
      status: HoldStatus.HELD,
      by: 'control-spend',
      reason,
      cutAt: at,
      changedAt: at,
      throttles: { plan1: DEPLOYED.plan1, plan2: { rateLimit: 2.5, burstLimit: 7 } },
    });
    expect(world.gauges.SpendCutOff).toBe(1);
    expect(world.metrics).toEqual({ ConsumerPaused: 1 });
    expect([...world.audit.values()]).toEqual([
      { who: 'control-spend', what: 'spend.cut', on: 'spend', reason, result: 'cut off', atMs: at },
    ]);
    expect(world.lines).toContainEqual({
      level: 'error',
      text: 'Spending is cut off until an operator restores it.',
    });
  });

  test('is cut off once: further runs look, and write nothing', async () => {
    await useUp();
    await world.run();
    const held = world.held;
    world.steps.length = 0;
    await world.run();
    await world.run();
    expect(world.held).toBe(held);
    expect(world.audit.size).toBe(1);
    expect(world.steps.filter((step) => !step.startsWith('read ') && step !== 'claim')).toEqual([]);
  });

  test('stays cut off when its window is over: only an operator restores it', async () => {
    await useUp();
    await world.run();
    world.nowMs += 86_400_000;
    await world.run();
    expect(world.isCutOff()).toBe(true);
    expect(world.around()).toEqual(CUT_OFF);
  });

  test.each([
    ['the cheapest request just fits: one token in and one out', 2, false],
    ['not even that fits', 1, true],
    ['more is spent than the cap, as a call cost more than it was reserved for', -1, true],
  ])('is so or not: %s', async (_, left, isCut) => {
    await world.spend(cap - 100, cap - left);
    await world.run();
    expect(world.isCutOff()).toBe(isCut);
  });

  test('is not while something is reserved: the call may cost less than its worst case', async () => {
    const id = await world.spend(1);
    await world.spend(cap - 1, cap - 1);
    await world.run();
    expect(world.isCutOff()).toBe(false);
    await world.money.begin(id, { callId: '1', estimate: 1, nowMs: world.nowMs });
    await world.money.settle(id, { callId: '1', amount: 1, close: true });
    await world.run();
    expect(world.isCutOff()).toBe(true);
  });

  test('of the month is so as well', async () => {
    world.caps = { globalMonth: 10 * USD };
    await world.run();
    await world.spend(10 * USD, 10 * USD);
    await world.run();
    expect(world.held?.reason).toBe('the cap of 2026-11 is used up: $10.00 of $10.00 are spent');
  });

  test('by nobody where there is no cap', async () => {
    world.caps = {};
    await world.run();
    await world.spend(9_000_000 * USD, 9_000_000 * USD);
    await world.run();
    expect(world.isCutOff()).toBe(false);
  });
});

describe('while nothing is cut off', () => {
  test('a run takes the deployed caps over, and looks at neither consumer nor usage plans', async () => {
    world.caps = { ...CAPS, globalDay: 60 * USD };
    await world.run();
    expect((await world.plain.readStatus(world.nowMs)).caps).toEqual(world.caps);
    expect(world.steps.filter((step) => /consumer|plan|breaker/.test(step))).toEqual([]);
  });

  test('a usage plan that somebody has shut by hand stays shut', async () => {
    world.plans.set('plan1', { rateLimit: 0, burstLimit: 0 });
    await world.run();
    expect(world.plans.get('plan1')).toEqual({ rateLimit: 0, burstLimit: 0 });
  });
});

describe('drift while spending is cut off', () => {
  beforeEach(async () => {
    await useUp();
    await world.run();
  });

  test('a consumer that a deployment or somebody switched on is paused again', async () => {
    world.consumer = { isEnabled: true, concurrency: 50 };
    await world.run();
    expect(world.around()).toEqual(CUT_OFF);
  });

  test('a usage plan that a deployment has opened is shut again, and the newer throttle comes back in the end', async () => {
    const deployed = { rateLimit: 99, burstLimit: 100 };
    world.plans.set('plan1', deployed);
    await world.run();
    expect(world.around()).toEqual(CUT_OFF);
    world.nowMs += 86_400_000;
    await world.ask({ action: 'restore', by: 'x', reason: 'y' });
    expect(world.plans.get('plan1')).toEqual(deployed);
  });

  test('a hold that is gone is put up again, and the plans come back as they were deployed', async () => {
    world.held = undefined;
    await world.run();
    expect(world.around()).toEqual(CUT_OFF);
    expect(world.audit.size).toBe(1);
    world.nowMs += 86_400_000;
    await world.ask({ action: 'restore', by: 'x', reason: 'y' });
    expect(world.around()).toMatchObject({ held: false, ...DEPLOYED });
  });

  test('a hold that somebody has lifted is put up again', async () => {
    world.held = { ...(world.held as NonNullable<typeof world.held>), status: HoldStatus.LIFTED, revision: 99 };
    await world.run();
    expect(world.around()).toEqual(CUT_OFF);
  });

  test('a usage plan that is deleted meanwhile is left out', async () => {
    world.plans.delete('plan2');
    await world.run();
    world.nowMs += 86_400_000;
    await world.ask({ action: 'restore', by: 'x', reason: 'y' });
    expect(world.plans.has('plan2')).toBe(false);
    expect(world.plans.get('plan1')).toEqual(DEPLOYED.plan1);
  });

  test('a usage plan that had no throttle has none again', async () => {
    world.plans.set('plan1', undefined);
    await world.run();
    expect(world.around()).toEqual(CUT_OFF);
    world.nowMs += 86_400_000;
    await world.ask({ action: 'restore', by: 'x', reason: 'y' });
    expect(world.plans.get('plan1')).toBeUndefined();
  });
});

describe('drift after spending was restored, be it by the ledger alone', () => {
  beforeEach(async () => {
    await useUp();
    await world.run();
    world.nowMs += 86_400_000;
    await world.plain.restore(world.nowMs);
  });

  test('the next run opens the plans, lifts the hold, and has the consumer resumed', async () => {
    await world.run();
    expect(world.control).toEqual([{ kind: 'resume', breaker: UPSTREAM_BREAKER, epoch: 0, concurrency: 2 }]);
    world.followMessages();
    expect(world.around()).toEqual(OPEN);
    expect(world.held).toMatchObject({ status: HoldStatus.LIFTED, changedAt: world.nowMs });
    expect(world.gauges.SpendCutOff).toBe(0);
  });

  test('and has it not resumed while the breaker is open: its probes come first', async () => {
    const command = { nowMs: world.nowMs, openUntil: world.nowMs + 30_000, reason: 'failure-rate', expectedEpoch: 0 };
    await world.breaker.trip(UPSTREAM_BREAKER, command);
    await world.run();
    expect(world.control).toEqual([]);
    expect(world.around()).toMatchObject({ held: false });
  });

  test('a plan that was opened meanwhile keeps what it has', async () => {
    const byHand = { rateLimit: 3, burstLimit: 3 };
    world.plans.set('plan1', byHand);
    await world.run();
    expect(world.plans.get('plan1')).toEqual(byHand);
  });

  test('a plan that cannot be opened keeps the hold, and the next run goes on', async () => {
    world.before = (step) => {
      if (step === 'throttle plan') throw new Error('TooManyRequestsException');
    };
    await expect(world.run()).rejects.toMatchObject({
      errors: [
        expect.objectContaining({ message: 'Could not open the usage plan plan1.' }),
        expect.objectContaining({ message: 'Could not open the usage plan plan2.' }),
      ],
    });
    expect(world.held).toMatchObject({ status: HoldStatus.LIFTING });
    world.before = () => undefined;
    await world.run();
    world.followMessages();
    expect(world.around()).toEqual(OPEN);
  });

  test('for five minutes a plan is looked after that a slower run has shut late, and no longer', async () => {
    await world.run();
    world.plans.set('plan2', { rateLimit: 0, burstLimit: 0 });
    await world.run();
    expect(world.plans.get('plan2')).toEqual(OPEN.plan2);
    world.nowMs += 10 * MINUTE_MS;
    world.plans.set('plan2', { rateLimit: 0, burstLimit: 0 });
    await world.run();
    expect(world.plans.get('plan2')).toEqual({ rateLimit: 0, burstLimit: 0 });
  });

  test('and cut off again remembers what the plans have by then', async () => {
    await world.run();
    world.followMessages();
    world.plans.set('plan2', { rateLimit: 4, burstLimit: 8 });
    await world.spend(cap, cap);
    await world.run();
    expect(world.around()).toEqual(CUT_OFF);
    expect(world.held?.throttles).toEqual({ plan1: DEPLOYED.plan1, plan2: { rateLimit: 4, burstLimit: 8 } });
    expect(world.audit.size).toBe(2);
  });
});

describe('a step that fails', () => {
  test('keeps none of the others from being tried: a consumer that is being changed', async () => {
    await useUp();
    world.isConsumerBusy = true;
    await expect(world.run()).rejects.toMatchObject({
      errors: [expect.objectContaining({ message: 'Could not pause the consumer.' })],
    });
    expect(world.around()).toEqual({ ...CUT_OFF, consumes: true });
    world.isConsumerBusy = false;
    await world.run();
    expect(world.around()).toEqual(CUT_OFF);
  });

  test('no plan is shut whose throttle could not be written down', async () => {
    await useUp();
    let holds = 0;
    world.before = (step) => {
      if (step === 'replace hold' && ++holds === 2) throw new Error('the control table is down');
    };
    await expect(world.run()).rejects.toThrow(AggregateError);
    expect(world.around()).toEqual({ ...CUT_OFF, plan1: OPEN.plan1, plan2: OPEN.plan2 });
    await world.run();
    expect(world.around()).toEqual(CUT_OFF);
  });

  test('a ledger that cannot be read is an error, and changes nothing', async () => {
    await useUp();
    world.before = (step) => {
      if (step === 'read ledger') throw new Error('DynamoDB is down');
    };
    await expect(world.run()).rejects.toMatchObject({ name: 'LedgerUnavailableError' });
    expect(world.around()).toEqual(OPEN);
    expect(world.gauges).toEqual({});
  });
});
