import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { SpendWorld } from '../../lambda/control-spend/spend-world';
import { CALLER, CloudDouble } from '../doubles/cloud';
import { deployment } from '../doubles/deployment';

const USD = 1_000_000;
const CLIENT = 'abcdefgh12345678';

let cloud: CloudDouble;
let world: SpendWorld;
beforeEach(async () => {
  cloud = new CloudDouble();
  world = await cloud.spend.opened();
});

const status = (...more: string[]) => cloud.bulwark('spend', 'status', ...more);
const clientRow = (Item: object | undefined) =>
  cloud.tables.on(GetCommand, { TableName: deployment.clientsTable }).resolves({ Item });

test('tells each window, and the caps by where they come from', async () => {
  await world.spend(20 * USD, 10 * USD);
  await world.spend(5 * USD);
  await cloud.bulwark('spend', 'set', '--month', '500', '--reason', 'x');
  expect(await status()).toEqual({
    code: 0,
    errors: [],
    printed: [
      'spending   goes on',
      'day        2026-11-22: $10.00 of $50.00 spent (20 %), $5.00 reserved, $35.00 left, until 2026-11-23T00:00:00.000Z',
      'month      2026-11: $10.00 of $500.00 spent (2 %), $5.00 reserved, $485.00 left, until 2026-12-01T00:00:00.000Z',
      'caps       day $50.00 as deployed, month $500.00 set in place of $1000.00',
    ],
  });
});

test('tells who has cut spending off, since when and why, and that the consumer is held', async () => {
  await cloud.bulwark('spend', 'cut', '--reason', 'INC-7');
  expect((await status()).printed.slice(0, 2)).toEqual([
    `spending   cut off since 2026-11-22T12:00:00.000Z by ${CALLER} (INC-7)`,
    'consumer   held: nothing is received from the work queue',
  ]);
});

test('says that a window is used up, before it is cut off for it', async () => {
  await world.spend(50 * USD, 50 * USD);
  expect((await status()).printed.at(-1)).toBe('used up    2026-11-22: spending is cut off within a minute');
  await world.run();
  expect((await status()).printed.join('\n')).not.toContain('used up   ');
});

test('where the control table does not answer, says that it does not know how the consumer is', async () => {
  world.before = (step) => {
    if (step === 'read hold') throw new Error('no');
  };
  expect((await status()).printed[1]).toBe('consumer   not known: the control table does not answer');
});

test('without caps there are none', async () => {
  world.caps = {};
  await world.run();
  const { printed } = await status();
  expect(printed[1]).toBe('day        2026-11-22: $0.00 spent, no cap, $0.00 reserved, until 2026-11-23T00:00:00.000Z');
  expect(printed[3]).toBe('caps       day no cap as deployed, month no cap as deployed');
});

test('--json is the report, in micro-USD', async () => {
  await world.spend(5 * USD);
  const { printed } = await status('--json');
  expect(JSON.parse(printed[0] ?? '')).toMatchObject({
    day: { window: '2026-11-22', cap: 50 * USD, spent: 0, reserved: 5 * USD, left: 45 * USD, spentPercent: 0 },
    deployed: { globalDay: 50 * USD },
    override: {},
  });
});

describe('of one client', () => {
  test('tells what it has spent under the caps of its plan', async () => {
    clientRow({ clientId: CLIENT });
    await world.spend(20 * USD, 10 * USD);
    expect((await status('--client', CLIENT)).printed.slice(-3)).toEqual([
      `client     ${CLIENT}`,
      '  day      2026-11-22: $10.00 of $25.00 spent (40 %), $0.00 reserved, $15.00 left, until 2026-11-23T00:00:00.000Z',
      '  month    2026-11: $10.00 of $250.00 spent (4 %), $0.00 reserved, $240.00 left, until 2026-12-01T00:00:00.000Z',
    ]);
  });

  test.each([
    ['trial', { perDay: USD }],
    ['one that is no longer there', {}],
  ])('of plan %s', async (plan, clientCaps) => {
    clientRow({ clientId: CLIENT, plan });
    expect((await status('--client', CLIENT)).code).toBe(0);
    expect(cloud.spend.requests).toEqual([{ action: 'status', clientId: CLIENT, clientCaps }]);
  });

  test('that there is not is a failure, before anybody is asked', async () => {
    clientRow(undefined);
    expect(await status('--client', CLIENT)).toMatchObject({
      code: 1,
      errors: [`bulwark: there is no client ${CLIENT} in dev`],
    });
    expect(cloud.spend.requests).toEqual([]);
  });

  test('whose id is none is wrong usage', async () => {
    expect(await status('--client', 'x')).toMatchObject({
      code: 2,
      errors: ['bulwark: `--client` must be 16 lower-case letters and digits, got: x (--help lists the commands)'],
    });
  });
});

test.each(['status', 'prices'])(
  'spend %s of a deployment that caps nothing is a failure that says so',
  async (verb) => {
    cloud.hasSpendCap = false;
    expect(await cloud.bulwark('spend', verb)).toEqual({
      code: 1,
      printed: [],
      errors: ['bulwark: nothing caps what dev spends: deploy this version first'],
    });
  },
);

test('a ledger that does not answer is a failure in one line', async () => {
  world.before = (step) => {
    if (step === 'read ledger') throw new Error('DynamoDB is down');
  };
  expect(await status()).toEqual({
    code: 1,
    printed: [],
    errors: [expect.stringMatching(/^bulwark: control-spend failed: LedgerUnavailableError: /)],
  });
});

describe('doctor', () => {
  beforeEach(() => {
    // What else the doctor looks at is not there: these tests ask no network.
    mockClient(DynamoDBClient).onAnyCommand().rejects(new Error('not here'));
    mockClient(SecretsManagerClient).onAnyCommand().rejects(new Error('not here'));
  });
  const doctor = () => cloud.bulwark('doctor', '--api-url', 'http://127.0.0.1:9');

  test('calls spending down while it is cut off, and the consumer paused on purpose', async () => {
    await cloud.bulwark('spend', 'cut', '--reason', 'INC-7');
    const { code, printed } = await doctor();
    expect(code).toBe(1);
    expect(printed).toContain(`down      spending       cut off since 2026-11-22T12:00:00.000Z by ${CALLER} (INC-7)`);
    expect(printed).toContain('                         -> bulwark spend status --env dev');
  });

  test('calls it degraded where a window has nothing left', async () => {
    await world.spend(50 * USD);
    expect((await doctor()).printed).toContain(
      'degraded  spending       2026-11-22 $0.00, $0.00 left; 2026-11 $0.00, $950.00 left',
    );
  });

  test('does not ask where nothing caps it', async () => {
    cloud.hasSpendCap = false;
    expect((await doctor()).printed).toContain('skipped   spending       not asked: nothing caps it');
  });
});
