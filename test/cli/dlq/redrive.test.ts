import { CALLER, CloudDouble, jobId } from '../doubles/cloud';
import { deployment } from '../doubles/deployment';

const { deadLetterQueueUrl: DEAD, queueUrl: WORK } = deployment;
let cloud: CloudDouble;

beforeEach(() => {
  cloud = new CloudDouble();
});

const redrive = (...more: string[]) => cloud.bulwark('dlq', 'redrive', '--reason', 'upstream is back', ...more);
const jobsIn = (url: string) => cloud.sqs.messages(url).map(({ body }) => JSON.parse(body).jobId);
const deadLetters = (count: number, reason = 'upstream-error', from = 0) => {
  for (let n = from; n < from + count; n++) cloud.deadLetter(jobId(n), reason);
};

test('gives back what the filter names, and nothing else, to the share of its client', async () => {
  deadLetters(3);
  deadLetters(2, 'internal', 3);
  const { code, printed, errors } = await redrive('--where', 'reason=internal');
  expect({ code, printed, errors }).toEqual({
    code: 0,
    printed: ['Moved 2 messages (internal 2) to the work queue.'],
    errors: [],
  });
  expect(jobsIn(WORK)).toEqual([jobId(3), jobId(4)]);
  expect(cloud.sqs.messages(WORK).map(({ group }) => group)).toEqual(['abcdefgh12345678', 'abcdefgh12345678']);
  // What stays is there for the next receiver at once.
  expect(jobsIn(DEAD)).toEqual([jobId(0), jobId(1), jobId(2)]);
  expect(cloud.sqs.visible(DEAD)).toBe(3);
});

test('every condition of --where must hold', async () => {
  deadLetters(2);
  cloud.job(jobId(1), { status: 'dead-lettered', clientId: 'other00000000000', failure: { reason: 'upstream-error' } });
  await redrive('--where', 'reason=upstream-error', '--where', 'client=other00000000000');
  expect(jobsIn(WORK)).toEqual([jobId(1)]);
});

test('what AWS knows no reason for has a name of its own', async () => {
  cloud.deadLetter(jobId(1), undefined);
  cloud.sqs.put(DEAD, 'a prompt that somebody sent by hand');
  cloud.sqs.put(DEAD, { jobId: jobId(9), correlationId: 'c' });
  const { printed } = await redrive('--max', '9', '--json');
  expect(JSON.parse(printed[0] ?? '')).toEqual({
    moved: 3,
    examined: 3,
    byReason: { none: 1, 'malformed-message': 1, 'no-such-job': 1 },
    by: 'messages',
    dryRun: false,
  });
});

test('moves --max messages and no more', async () => {
  deadLetters(25);
  expect((await redrive('--max', '12')).printed).toEqual(['Moved 12 messages (upstream-error 12) to the work queue.']);
  expect([cloud.sqs.messages(WORK).length, cloud.sqs.visible(DEAD)]).toEqual([12, 13]);
});

test.each([
  ['1/s', 20, 19_000],
  ['5/s', 20, 3_000],
  ['10/s', 20, 1_000],
  ['500', 20, 0],
])('at --rate %s, %d messages take %d ms', async (rate, count, ms) => {
  deadLetters(count);
  const before = cloud.nowMs;
  await redrive('--rate', rate, '--max', '100');
  expect(cloud.sqs.messages(WORK)).toHaveLength(count);
  expect(cloud.nowMs - before).toBeGreaterThanOrEqual(ms);
  expect(cloud.nowMs - before).toBeLessThanOrEqual(ms + 1_000);
});

test('tells on standard error how far it is, when it takes more than two seconds', async () => {
  deadLetters(40);
  const { errors, printed } = await redrive('--rate', '10', '--max', '100');
  expect(errors[0]).toBe('moved 30 of 30 examined');
  expect(printed).toHaveLength(1);
});

test('--dry-run says what it would move, needs no reason, moves nothing and audits nothing', async () => {
  deadLetters(3);
  const { code, printed } = await cloud.bulwark('dlq', 'redrive', '--dry-run');
  expect({ code, printed }).toEqual({
    code: 0,
    printed: ['Would move 3 messages (upstream-error 3). Nothing was moved.'],
  });
  expect([cloud.sqs.visible(DEAD), cloud.sqs.messages(WORK).length, cloud.audit.length]).toEqual([3, 0, 0]);
});

test('an act has two records: begun before it, its result after it', async () => {
  deadLetters(2);
  const atSend: number[] = [];
  cloud.sqs.afterStep = (step) => {
    if (step === 'send') atSend.push(cloud.audit.length);
  };
  await redrive('--max', '5');
  expect(atSend).toEqual([1]);
  const common = {
    day: '2026-11-22',
    at: expect.stringMatching(/^2026-11-22T12:00:0\d\.\d{3}Z#[0-9a-f]{8}$/),
    act: cloud.audit[0]?.act,
    who: CALLER,
    what: 'dlq.redrive',
    on: 'dead',
    reason: 'upstream is back',
  };
  expect(cloud.audit).toEqual([
    { ...common, result: 'begun' },
    { ...common, result: 'moved 2' },
  ]);
});

describe('a process that dies', () => {
  const killAfter = (step: string, nth: number) => {
    let count = 0;
    cloud.sqs.afterStep = (done) => {
      count += done === step ? 1 : 0;
      cloud.sqs.isDead = count === nth;
    };
  };

  test.each([
    ['receive', 1],
    ['receive', 2],
    ['send', 1],
    ['send', 2],
    ['send', 3],
    ['delete', 1],
    ['delete', 2],
  ])('after %s number %d has lost nothing, and the next run ends the work', async (step, nth) => {
    deadLetters(25);
    const all = Array.from({ length: 25 }, (_, n) => jobId(n));
    killAfter(step, nth);
    expect((await redrive('--max', '100')).code).toBe(1);
    expect(new Set([...jobsIn(DEAD), ...jobsIn(WORK)])).toEqual(new Set(all));

    cloud.sqs.afterStep = () => undefined;
    cloud.sqs.isDead = false;
    // What was received before the death comes back after its visibility timeout.
    cloud.nowMs += 121_000;
    expect((await redrive('--max', '100')).code).toBe(0);
    expect(jobsIn(DEAD)).toEqual([]);
    expect(new Set(jobsIn(WORK))).toEqual(new Set(all));
    const duplicates = jobsIn(WORK).length - all.length;
    expect(duplicates).toBeLessThanOrEqual(10);
  });
});

test('no message is deleted here before the work queue has it', async () => {
  deadLetters(3);
  cloud.sqs.refusedBodies = [cloud.sqs.messages(DEAD)[1]?.body ?? ''];
  const { printed } = await redrive('--max', '5');
  expect(printed).toEqual(['Moved 2 messages (upstream-error 2) to the work queue.']);
  expect(jobsIn(DEAD)).toEqual([jobId(1)]);
  expect(cloud.sqs.visible(DEAD)).toBe(1);
});

test('Ctrl-C ends it in order: what is not moved is given back, and the audit has the number', async () => {
  deadLetters(25);
  cloud.sqs.afterStep = (step) => {
    if (step === 'delete') cloud.interruption.abort();
  };
  const { code, errors } = await redrive('--max', '100');
  expect({ code, errors }).toEqual({
    code: 1,
    errors: ['bulwark: interrupted after 10 messages: run it again to go on'],
  });
  expect([cloud.sqs.messages(DEAD).length, cloud.sqs.visible(DEAD)]).toEqual([15, 15]);
  expect(cloud.audit.at(-1)?.result).toBe('failed: interrupted after 10 messages: run it again to go on');
});

test('Ctrl-C in a dry run moves nothing', async () => {
  deadLetters(1);
  cloud.interruption.abort();
  expect(await cloud.bulwark('dlq', 'redrive', '--dry-run')).toMatchObject({
    code: 1,
    errors: ['bulwark: interrupted: nothing was moved'],
  });
});

describe('the gates', () => {
  const row = { name: 'breaker#upstream', epoch: 3, changedAt: 0, reason: 'failure-rate', openings: 1, successes: 0 };
  const WAIT = '; wait until it closes, or say --force';

  test.each([
    [{ ...row, status: 'open' as const }, 'the breaker `upstream` is open (failure-rate)'],
    [{ ...row, status: 'open' as const, held: true }, 'the breaker `upstream` is held open (failure-rate)'],
    [
      { ...row, status: 'half-open' as const },
      'the breaker `upstream` is half-open: it is not sure yet that the upstream is back',
    ],
  ])('refuse while the breaker is %j', async (breaker, refusal) => {
    deadLetters(1);
    cloud.breaker = breaker;
    for (const how of [[], ['--max', '1']]) {
      expect(await redrive(...how)).toEqual({ code: 1, printed: [], errors: [`bulwark: ${refusal}${WAIT}`] });
    }
    expect([cloud.sqs.visible(DEAD), cloud.sqs.messages(WORK).length]).toEqual([1, 0]);
    expect(cloud.audit.map(({ result }) => result).slice(0, 2)).toEqual(['begun', `refused: ${refusal}${WAIT}`]);
  });

  test('refuse while spending is cut off', async () => {
    deadLetters(1);
    await cloud.bulwark('spend', 'cut', '--reason', 'INC-7');
    const refusal = `spending is cut off since 2026-11-22T12:00:00.000Z by ${CALLER} (INC-7); restore it with \`bulwark spend restore\`, or say --force`;
    expect(await redrive()).toEqual({ code: 1, printed: [], errors: [`bulwark: ${refusal}`] });
    expect([cloud.sqs.visible(DEAD), cloud.sqs.messages(WORK).length]).toEqual([1, 0]);
    expect(cloud.audit.at(-1)?.result).toBe(`refused: ${refusal}`);
  });

  test.each([
    ['is all spent', 50_000_000],
    ['is reserved for jobs under way', undefined],
  ])('refuse while the budget of a window %s', async (_, spent) => {
    deadLetters(1);
    const world = await cloud.spend.opened();
    await world.spend(50_000_000, spent);
    const [paid, held] = spent === undefined ? ['$0.00', '$50.00'] : ['$50.00', '$0.00'];
    expect((await redrive()).errors).toEqual([
      `bulwark: nothing is left of the cap of 2026-11-22 (${paid} of $50.00 are spent, ${held} reserved); raise it with \`bulwark spend set\`, or wait until 2026-11-23T00:00:00.000Z, or say --force`,
    ]);
    world.nowMs += 86_400_000;
    expect((await redrive('--max', '1')).code).toBe(0);
  });

  test('refuse where nobody can say what is left, and are open where nothing caps it', async () => {
    deadLetters(1);
    const world = await cloud.spend.opened();
    world.before = (step) => {
      if (step === 'read ledger') throw new Error('DynamoDB is down');
    };
    expect((await redrive()).errors).toEqual([
      expect.stringMatching(/^bulwark: control-spend failed: LedgerUnavailableError/),
    ]);
    expect(cloud.sqs.messages(WORK)).toEqual([]);
    cloud.hasSpendCap = false;
    expect((await redrive('--max', '1')).code).toBe(0);
  });

  test('are looked at again on the way: spending that is cut off meanwhile', async () => {
    deadLetters(40);
    const world = await cloud.spend.opened();
    cloud.sqs.afterStep = (step) => {
      if (step === 'delete') void world.plain.cut({ by: 'somebody', reason: 'INC-7', at: world.nowMs });
    };
    const { code, errors } = await redrive('--rate', '1/s', '--max', '100');
    expect(code).toBe(1);
    expect(errors.at(-1)).toMatch(/^bulwark: stopped after [56] messages: spending is cut off since/);
  });

  test('are passed with --force, and the audit says so', async () => {
    deadLetters(1);
    cloud.breaker = { ...row, status: 'open' };
    expect((await redrive('--max', '1', '--force')).code).toBe(0);
    expect(cloud.audit.map(({ reason }) => reason)).toEqual(Array(2).fill('upstream is back (forced)'));
  });

  test('are looked at again on the way', async () => {
    deadLetters(40);
    cloud.sqs.afterStep = (step) => {
      if (step === 'delete') cloud.breaker = { ...row, status: 'open' };
    };
    const { code, errors } = await redrive('--rate', '1/s', '--max', '100');
    expect(code).toBe(1);
    expect(errors.at(-1)).toMatch(/^bulwark: stopped after [56] messages: the breaker `upstream` is open/);
    const moved = cloud.sqs.messages(WORK).length;
    expect([cloud.sqs.messages(DEAD).length, cloud.sqs.visible(DEAD)]).toEqual([40 - moved, 40 - moved]);
  });
});

test.each([
  [['--rate', '0'], '`--rate` must be a whole number from 1 to 500, got: 0'],
  [['--rate', '501/s'], '`--rate` must be a whole number from 1 to 500, got: 501'],
  [['--rate', 'fast'], '`--rate` must be a whole number from 1 to 500, got: fast'],
  [['--max', '0'], '`--max` must be a whole number from 1 to 1000000, got: 0'],
  [['--where', 'x=y'], '`--where` must be one of reason=…, client=…, status=…, job=…, got: x=y'],
  [['--where', 'reason'], '`--where` must be one of reason=…, client=…, status=…, job=…, got: reason'],
  [['--where', 'toString=y'], '`--where` must be one of reason=…, client=…, status=…, job=…, got: toString=y'],
  [['--reason', ' '], '`--reason` is needed'],
  [['--reason', 'x'.repeat(257)], '`--reason` must be at most 256 characters, got: 257'],
  [['--reason', 'a\u001b[2J'], '`--reason` must be one line without control characters'],
  [['--confirm', 'dead'], '`--confirm` is no option of `dlq redrive`'],
])('%j is wrong usage, and nobody is called', async (args, message) => {
  expect(await redrive(...args)).toEqual({
    code: 2,
    printed: [],
    errors: [`bulwark: ${message} (--help lists the commands)`],
  });
  expect(cloud.stacks.calls()).toEqual([]);
});
