import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { forcedRow } from '../../cli/forced-row';
import { force } from '../../lambda/runtime/breaker/transitions';
import type { BreakerRow } from '../../lib/contract/control';
import { CloudDouble, NOW } from './doubles/cloud';
import { deployment } from './doubles/deployment';

let cloud: CloudDouble;
beforeEach(() => {
  cloud = new CloudDouble();
});

const CLOSED: BreakerRow = {
  name: 'breaker#upstream',
  status: 'closed',
  epoch: 4,
  changedAt: NOW - 60_000,
  reason: 'probes-succeeded',
  openings: 0,
  successes: 0,
  lastOpenedAt: NOW - 120_000,
};
const OPEN: BreakerRow = { ...CLOSED, status: 'open', epoch: 5, reason: 'failure-rate', openings: 2, openUntil: NOW };
const HELD: BreakerRow = { ...OPEN, held: true };
const { openUntil: _, ...HALF } = { ...OPEN, status: 'half-open', epoch: 6, successes: 1 } as const;
const HALF_OPEN: BreakerRow = { ...HALF, probeOwner: 'worker', probeUntil: NOW + 60_000 };
const WAITING: BreakerRow = { ...HALF, nextProbeAt: NOW + 30_000 };
const ROWS = [undefined, CLOSED, OPEN, HELD, HALF_OPEN, WAITING];

test.each(ROWS)('an operator’s command makes of %j what the runtime’s own rule makes of it', (row) => {
  for (const to of ['open', 'closed'] as const) {
    const command = { to, nowMs: NOW, reason: 'drill' };
    const isSo = to === 'closed' ? (row?.status ?? 'closed') === 'closed' : row?.held === true;
    expect(forcedRow(row, command)).toEqual(isSo ? undefined : force(row, 'upstream', command));
  }
});

describe('breaker status', () => {
  test.each([
    [undefined, ['breaker    upstream: closed (it was never opened)']],
    [
      CLOSED,
      [
        'breaker    upstream: closed',
        'since      2026-11-22T11:59:00.000Z (probes-succeeded), epoch 4',
        'last open  2026-11-22T11:58:00.000Z',
      ],
    ],
    [
      HELD,
      [
        'breaker    upstream: open, held by an operator',
        'since      2026-11-22T11:59:00.000Z (failure-rate), epoch 5',
        'opened     2026-11-22T11:58:00.000Z, openings in a row: 2',
      ],
    ],
    [
      HALF_OPEN,
      [
        'breaker    upstream: half-open',
        'since      2026-11-22T11:59:00.000Z (failure-rate), epoch 6',
        'opened     2026-11-22T11:58:00.000Z, openings in a row: 2',
        'next probe under way, until 2026-11-22T12:01:00.000Z at the latest, successes in a row: 1',
      ],
    ],
    [
      OPEN,
      [
        'breaker    upstream: open',
        'since      2026-11-22T11:59:00.000Z (failure-rate), epoch 5',
        'opened     2026-11-22T11:58:00.000Z, openings in a row: 2',
        'next probe 2026-11-22T12:00:00.000Z, successes in a row: 0',
      ],
    ],
    ...(
      [
        [WAITING, '2026-11-22T12:00:30.000Z'],
        [HALF, 'now'],
      ] as const
    ).map(([row, next]): [BreakerRow, string[]] => [
      row,
      [
        'breaker    upstream: half-open',
        'since      2026-11-22T11:59:00.000Z (failure-rate), epoch 6',
        'opened     2026-11-22T11:58:00.000Z, openings in a row: 2',
        `next probe ${next}, successes in a row: 1`,
      ],
    ]),
  ])('tells of %j, and of the consumer', async (row, lines) => {
    cloud.breaker = row;
    expect(await cloud.bulwark('breaker', 'status')).toEqual({
      code: 0,
      printed: [...lines, 'consumer   Enabled, at most 10 at once'],
      errors: [],
    });
  });

  test('--json is the row and the mapping', async () => {
    expect(JSON.parse((await cloud.bulwark('breaker', 'status', '--json')).printed[0] ?? '')).toEqual({
      breaker: { status: 'closed', epoch: 0 },
      consumer: { state: 'Enabled', maxConcurrency: 10 },
    });
  });
});

describe.each(ROWS)('with the row %j', (row) => {
  test.each(['open', 'close'] as const)(
    'breaker %s writes the new row under the epoch it saw, between two records',
    async (verb) => {
      cloud.breaker = row;
      const to = verb === 'open' ? 'open' : 'closed';
      const expected = forcedRow(row, { to, nowMs: NOW, reason: 'drill' });
      const { code, printed, errors } = await cloud.bulwark('breaker', verb, '--reason', 'drill');
      expect({ code, errors }).toEqual({ code: 0, errors: [] });
      expect(cloud.breaker).toEqual(expected ?? row);
      const put = cloud.tables
        .commandCalls(PutCommand)
        .map(({ args }) => args[0].input)
        .filter(({ TableName }) => TableName === deployment.controlTable);
      const condition = row
        ? { ConditionExpression: 'epoch = :epoch', ExpressionAttributeValues: { ':epoch': row.epoch } }
        : { ConditionExpression: 'attribute_not_exists(#name)', ExpressionAttributeNames: { '#name': 'name' } };
      expect(put).toEqual(expected ? [{ TableName: deployment.controlTable, Item: expected, ...condition }] : []);
      const result = expected ? `${to}, epoch ${expected.epoch}` : `was ${to} already`;
      expect(cloud.audit.map((record) => [record.what, record.on, record.reason, record.result])).toEqual([
        [`breaker.${verb}`, 'breaker#upstream', 'drill', 'begun'],
        [`breaker.${verb}`, 'breaker#upstream', 'drill', result],
      ]);
      const done = {
        open: 'The breaker `upstream` is held open: no call is made until `bulwark breaker close`.',
        close: 'The breaker `upstream` is closed: the consumer resumes in steps.',
      };
      expect(printed).toEqual([expected ? done[verb] : `The breaker \`upstream\` is ${to} already.`]);
    },
  );
});

const raced = Object.assign(new Error('x'), { name: 'ConditionalCheckFailedException' });

test('a breaker that changes under the command is read anew and tried again', async () => {
  cloud.breaker = CLOSED;
  cloud.tables
    .on(PutCommand, { TableName: deployment.controlTable })
    .callsFakeOnce(() => {
      cloud.breaker = HALF_OPEN;
      throw raced;
    })
    .callsFake(({ Item }) => {
      cloud.breaker = Item;
      return {};
    });
  const { printed } = await cloud.bulwark('breaker', 'open', '--reason', 'drill', '--json');
  expect(JSON.parse(printed[0] ?? '')).toMatchObject({
    changed: true,
    breaker: { status: 'open', epoch: 7, held: true },
  });
});

test('one that changes five times is left alone, in one line', async () => {
  cloud.tables.on(PutCommand, { TableName: deployment.controlTable }).rejects(raced);
  expect(await cloud.bulwark('breaker', 'open', '--reason', 'drill')).toEqual({
    code: 1,
    printed: [],
    errors: ['bulwark: the breaker changed 5 times under this command: try again'],
  });
  expect(cloud.audit.at(-1)?.result).toBe('failed: the breaker changed 5 times under this command: try again');
});

test('any other error of the table is the command’s', async () => {
  cloud.tables.on(PutCommand, { TableName: deployment.controlTable }).rejects(new Error('throttled'));
  expect((await cloud.bulwark('breaker', 'close', '--reason', 'x')).code).toBe(0);
  expect((await cloud.bulwark('breaker', 'open', '--reason', 'x')).errors).toEqual(['bulwark: Error: throttled']);
});

test.each(['open', 'close'])('breaker %s needs a reason', async (verb) => {
  expect(await cloud.bulwark('breaker', verb)).toMatchObject({
    code: 2,
    errors: ['bulwark: `--reason` is needed (--help lists the commands)'],
  });
});
