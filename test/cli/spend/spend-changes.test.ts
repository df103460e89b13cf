import { InvokeCommand } from '@aws-sdk/client-lambda';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { CUT_OFF, OPEN, type SpendWorld } from '../../lambda/control-spend/spend-world';
import { CALLER, CloudDouble } from '../doubles/cloud';
import { deployment } from '../doubles/deployment';

const USD = 1_000_000;

let cloud: CloudDouble;
let world: SpendWorld;
beforeEach(async () => {
  cloud = new CloudDouble();
  world = await cloud.spend.opened();
});

const spend = (...args: string[]) => cloud.bulwark('spend', ...args);
const audited = () => cloud.audit.map(({ who, what, on, reason, result }) => [who, what, on, reason, result]);
const useUp = () => world.spend(50 * USD, 50 * USD);

describe('spend set', () => {
  test('sets the caps that are named, says what was before, and leaves two records', async () => {
    expect(await spend('set', '--day', '60.5', '--reason', 'INC-7: agreed')).toEqual({
      code: 0,
      errors: [],
      printed: [
        'The caps are: day $60.50 set in place of $50.00, month $1000.00 as deployed.',
        'Before: day $50.00 as deployed, month $1000.00 as deployed.',
      ],
    });
    expect(cloud.spend.requests).toEqual([{ action: 'set', day: 60_500_000, by: CALLER, reason: 'INC-7: agreed' }]);
    expect(audited()).toEqual([
      [CALLER, 'spend.set', 'spend', 'INC-7: agreed', 'begun'],
      [
        CALLER,
        'spend.set',
        'spend',
        'INC-7: agreed',
        'day $60.50 set in place of $50.00, month $1000.00 as deployed; before: day $50.00 as deployed, month $1000.00 as deployed',
      ],
    ]);
  });

  test('--reset takes both back', async () => {
    await spend('set', '--day', '60', '--month', '70', '--reason', 'x');
    expect((await spend('set', '--reset', '--reason', 'x')).printed).toEqual([
      'The caps are: day $50.00 as deployed, month $1000.00 as deployed.',
      'Before: day $60.00 set in place of $50.00, month $70.00 set in place of $1000.00.',
    ]);
  });

  test('to less than is spent says what comes of it', async () => {
    await world.spend(10 * USD, 10 * USD);
    expect((await spend('set', '--day', '5', '--reason', 'x')).printed.at(-1)).toBe(
      'The cap of 2026-11-22 is used up: spending is cut off within a minute.',
    );
  });

  test('while spending is cut off says that it stays so', async () => {
    await spend('cut', '--reason', 'x');
    expect((await spend('set', '--day', '500', '--reason', 'x')).printed.at(-1)).toBe(
      'Spending stays cut off until `bulwark spend restore`.',
    );
  });

  test.each([
    [['--reason', 'x'], '`--day, --month or --reset` is needed'],
    [['--day', '5'], '`--reason` is needed'],
    [['--reset', '--day', '5', '--reason', 'x'], '`--reset` and `--day` or `--month` exclude each other'],
    ...['0', '-1', '1e3', '$5', '5,5', '0.0000001', 'all', '9999999999'].map((amount): [string[], string] => [
      [`--day=${amount}`, '--reason', 'x'],
      `\`--day\` must be US dollars such as 50 or 0.25, more than 0 and with at most 6 decimals, got: ${amount}`,
    ]),
    [['--force', '--day', '5', '--reason', 'x'], '`--force` is no option of `spend set`'],
  ])('%j is wrong usage, and nobody is asked', async (args, message) => {
    expect(await spend('set', ...args)).toEqual({
      code: 2,
      printed: [],
      errors: [`bulwark: ${message} (--help lists the commands)`],
    });
    expect(cloud.spend.requests).toEqual([]);
    expect(cloud.audit).toEqual([]);
  });
});

describe('spend cut', () => {
  test('cuts off in the operator’s name, between two records', async () => {
    expect(await spend('cut', '--reason', 'INC-7')).toEqual({
      code: 0,
      errors: [],
      printed: ['Spending is cut off: no request is accepted, and no call begins, until `bulwark spend restore`.'],
    });
    expect(world.around()).toEqual(CUT_OFF);
    expect(audited()).toEqual([
      [CALLER, 'spend.cut', 'spend', 'INC-7', 'begun'],
      [CALLER, 'spend.cut', 'spend', 'INC-7', 'cut off'],
    ]);
    expect(world.audit.size).toBe(0);
  });

  test('what is cut off already says since when', async () => {
    await spend('cut', '--reason', 'INC-7');
    world.nowMs += 60_000;
    expect((await spend('cut', '--reason', 'INC-8')).printed).toEqual([
      `Spending is cut off already, since 2026-11-22T12:00:00.000Z by ${CALLER} (INC-7).`,
    ]);
    expect(cloud.audit.at(-1)?.result).toBe('was so already: cut off');
  });

  test('says what is not done yet, in the audit as well', async () => {
    world.isConsumerBusy = true;
    expect((await spend('cut', '--reason', 'INC-7')).printed.at(-1)).toBe(
      'Not yet, and tried again every minute: pause the consumer.',
    );
    expect(cloud.audit.at(-1)?.result).toBe('cut off; not yet: pause the consumer');
  });

  test('that fails may be half done, and says so in one line', async () => {
    world.before = (step) => {
      if (step === 'write ledger') throw new Error('DynamoDB is down');
    };
    const message =
      /^control-spend failed: LedgerUnavailableError: .*; half of it may be done: look with `bulwark spend status`, and run it again$/;
    const { code, errors } = await spend('cut', '--reason', 'INC-7');
    expect(code).toBe(1);
    expect(errors).toEqual([expect.stringMatching(/^bulwark: /)]);
    expect(errors[0]?.replace('bulwark: ', '')).toMatch(message);
    expect(cloud.audit.at(-1)?.result.replace('failed: ', '')).toMatch(message);
  });

  test('without the audit nothing is done', async () => {
    cloud.tables.on(PutCommand, { TableName: deployment.auditTable }).rejects(new Error('no rights'));
    expect((await spend('cut', '--reason', 'INC-7')).code).toBe(1);
    expect(cloud.spend.requests).toEqual([]);
    expect(world.isCutOff()).toBe(false);
  });

  test('--json is the answer', async () => {
    const { printed } = await spend('cut', '--reason', 'INC-7', '--json');
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({
      kind: 'done',
      changed: true,
      report: { cut: { by: CALLER, reason: 'INC-7' }, hold: 'held' },
      unfinished: [],
    });
  });
});

describe('spend restore', () => {
  test('lets spending go on', async () => {
    await spend('cut', '--reason', 'INC-7');
    expect(await spend('restore', '--reason', 'INC-7 is over')).toEqual({
      code: 0,
      errors: [],
      printed: [
        'Spending goes on: requests are accepted, and the consumer resumes in steps unless the breaker is open.',
      ],
    });
    world.followMessages();
    expect(world.around()).toEqual(OPEN);
    expect(audited().at(-1)).toEqual([CALLER, 'spend.restore', 'spend', 'INC-7 is over', 'goes on']);
  });

  test('refuses while the cap is used up, and says what helps', async () => {
    await useUp();
    await world.run();
    const message =
      'the cap of 2026-11-22 is used up ($50.00 of $50.00 are spent): spending would be cut off again within a minute; raise it with `bulwark spend set`, wait until the window ends, or say --force';
    expect(await spend('restore', '--reason', 'x')).toEqual({ code: 1, printed: [], errors: [`bulwark: ${message}`] });
    expect(cloud.audit.at(-1)?.result).toBe(`refused: ${message}`);
    expect(world.around()).toEqual(CUT_OFF);
  });

  test('--force restores all the same, is audited as such, and says that it will not last', async () => {
    await useUp();
    await world.run();
    const { code, printed } = await spend('restore', '--reason', 'x', '--force');
    expect(code).toBe(0);
    expect(printed.at(-1)).toBe('The cap of 2026-11-22 is used up: spending is cut off within a minute.');
    expect(cloud.audit.at(-1)).toMatchObject({ reason: 'x (forced)', result: 'goes on' });
  });

  test('where nothing is cut off says so', async () => {
    expect((await spend('restore', '--reason', 'x')).printed).toEqual(['Spending is not cut off.']);
    expect(cloud.audit.at(-1)?.result).toBe('was so already: goes on');
  });
});

test.each(['set', 'cut', 'restore'])('spend %s needs a reason', async (verb) => {
  expect(await spend(verb, ...(verb === 'set' ? ['--day', '5'] : []))).toMatchObject({
    code: 2,
    errors: ['bulwark: `--reason` is needed (--help lists the commands)'],
  });
});

test.each(['{}', 'null', '', '{"kind":"prices"}'])('an answer %j is none', async (payload) => {
  cloud.lambda.on(InvokeCommand).resolves({ Payload: Buffer.from(payload) } as never);
  expect(await spend('cut', '--reason', 'x')).toEqual({
    code: 1,
    printed: [],
    errors: ['bulwark: control-spend did not answer what was asked'],
  });
});
