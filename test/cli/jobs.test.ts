import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { CloudDouble, jobId, NOW } from './doubles/cloud';
import { deployment } from './doubles/deployment';

const ID = jobId(0xb);
const { queueUrl: WORK } = deployment;
let cloud: CloudDouble;
beforeEach(() => {
  cloud = new CloudDouble();
});

const jobs = (verb: string, ...more: string[]) => cloud.bulwark('jobs', verb, '--job', ID, ...more);
const update = () => cloud.tables.commandCalls(UpdateCommand)[0]?.args[0].input;
const raced = Object.assign(new Error('x'), { name: 'ConditionalCheckFailedException' });

describe('jobs show', () => {
  test('shows states and numbers, and masks the request', async () => {
    cloud.job(ID, {
      status: 'running',
      leaseOwner: 'w:1',
      leaseUntil: NOW,
      failure: { reason: 'internal', detail: 'Timeout' },
      usage: { inputTokens: 3, outputTokens: 4 },
      sealedRequest: { ciphertext: 'sealed-bytes' },
    });
    expect(await jobs('show')).toEqual({
      code: 0,
      errors: [],
      printed: [
        `job            ${ID}`,
        'client         abcdefgh12345678',
        'correlation    c-000b',
        'status         running',
        'reason         internal (Timeout)',
        'model          claude-haiku-4-5',
        'labels         -',
        'created        2026-11-22T10:00:00.000Z',
        'updated        2026-11-22T11:00:00.000Z',
        'completed      -',
        'kept until     2026-11-23T12:00:00.000Z',
        'lease          w:1 until 2026-11-22T12:00:00.000Z',
        'runs           5',
        'paid calls     7',
        'tokens at most 120 in, 256 out',
        'tokens used    3 in, 4 out',
        'request        ***MASKED***',
      ],
    });
  });

  test('asks the table for nothing that is sealed, by a consistent read', async () => {
    cloud.job(ID);
    await jobs('show', '--json');
    const { ProjectionExpression, ExpressionAttributeNames, ConsistentRead } =
      cloud.tables.commandCalls(GetCommand, { TableName: 'jobs' })[0]?.args[0].input ?? {};
    expect(ConsistentRead).toBe(true);
    expect(ProjectionExpression?.split(', ').sort()).toEqual(Object.keys(ExpressionAttributeNames ?? {}).sort());
    expect(Object.values(ExpressionAttributeNames ?? {}).filter((name) => /sealed|hash/i.test(name))).toEqual([]);
  });

  test('a detail that is a text is masked in lines and in JSON', async () => {
    cloud.job(ID, { failure: { reason: 'internal', detail: '{"my":"secret"}' } });
    for (const how of [[], ['--json']]) {
      const text = (await jobs('show', ...how)).printed.join('\n');
      expect(text).toContain('internal (***MASKED***)');
      expect(text).not.toContain('secret');
    }
  });
});

describe('jobs retry', () => {
  const retry = (...more: string[]) => jobs('retry', '--reason', 'fixed', ...more);

  test.each(['failed', 'dead-lettered'])(
    'lets a %s job run again: its row first, its message second',
    async (status) => {
      cloud.job(ID, { status, failure: { reason: 'internal' } });
      cloud.sqs.afterStep = () => expect(cloud.tables.commandCalls(UpdateCommand)).toHaveLength(1);
      expect(await retry()).toEqual({ code: 0, printed: [`Job ${ID} is queued again.`], errors: [] });
      expect(update()).toEqual({
        TableName: 'jobs',
        Key: { jobId: ID, part: 'job' },
        UpdateExpression:
          'SET #status = :queued, updatedAt = :now, dueBucket = :bucket, dueAt = :due REMOVE completedAt, leaseOwner, leaseUntil, failedSince, outage, abandoned, resent',
        ConditionExpression: '#status = :failed OR #status = :deadLettered',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: {
          ':queued': 'queued',
          ':failed': 'failed',
          ':deadLettered': 'dead-lettered',
          ':now': '2026-11-22T12:00:00.000Z',
          ':bucket': 'queued#3',
          ':due': NOW,
        },
      });
      expect(cloud.sqs.messages(WORK)).toMatchObject([
        { body: JSON.stringify({ jobId: ID, correlationId: 'c-000b' }), group: 'abcdefgh12345678' },
      ]);
      expect(cloud.audit.map(({ what, on, result }) => [what, on, result])).toEqual([
        ['jobs.retry', ID, 'begun'],
        ['jobs.retry', ID, 'queued'],
      ]);
    },
  );

  test('a job that is queued already only gets another message', async () => {
    cloud.job(ID);
    expect((await retry('--json')).printed).toEqual([JSON.stringify({ jobId: ID, status: 'queued' })]);
    expect([cloud.tables.commandCalls(UpdateCommand).length, cloud.sqs.messages(WORK).length]).toEqual([0, 1]);
  });

  test.each([
    ['succeeded', {}, 'is succeeded'],
    ['running', { leaseUntil: NOW }, 'runs, under a lease until 2026-11-22T12:00:00.000Z'],
  ])('a job that is %s is refused', async (status, row, words) => {
    cloud.job(ID, { status, ...row });
    cloud.tables.on(UpdateCommand).rejects(raced);
    const refusal = `${ID} ${words}: it cannot be retried`;
    expect(await retry()).toEqual({ code: 1, printed: [], errors: [`bulwark: ${refusal}`] });
    expect(cloud.sqs.messages(WORK)).toEqual([]);
    expect(cloud.audit.at(-1)?.result).toBe(`refused: ${refusal}`);
  });

  test.each([
    [NOW / 1000, false],
    [NOW / 1000 + 1, true],
  ])('a job that is kept until %d s may run again: %s', async (expiresAt, mayRun) => {
    cloud.job(ID, { status: 'failed', expiresAt });
    const { errors } = await retry();
    expect(errors).toEqual(mayRun ? [] : [`bulwark: ${ID} is past its retention`]);
    expect(cloud.sqs.messages(WORK)).toHaveLength(mayRun ? 1 : 0);
  });
});

describe('jobs cancel', () => {
  const cancel = (...more: string[]) => jobs('cancel', '--reason', 'client asked', ...more);

  test('ends a queued job as failed, and takes it out of the index of due jobs', async () => {
    cloud.job(ID);
    expect((await cancel()).printed).toEqual([
      `Job ${ID} is cancelled: it ended \`failed\`, and no call is made for it.`,
    ]);
    expect(update()).toMatchObject({
      UpdateExpression:
        'SET #status = :failed, #failure = :failure, completedAt = :now, updatedAt = :now REMOVE failedSince, outage, abandoned, resent, dueBucket, dueAt',
      ConditionExpression: '#status = :queued',
      ExpressionAttributeNames: { '#status': 'status', '#failure': 'failure' },
      ExpressionAttributeValues: {
        ':failed': 'failed',
        ':queued': 'queued',
        ':failure': { reason: 'cancelled' },
        ':now': '2026-11-22T12:00:00.000Z',
      },
    });
    expect(cloud.audit.map(({ what, result }) => [what, result])).toEqual([
      ['jobs.cancel', 'begun'],
      ['jobs.cancel', 'failed'],
    ]);
  });

  test('to cancel it again changes nothing', async () => {
    cloud.job(ID, { status: 'failed', failure: { reason: 'cancelled' } });
    expect((await cancel()).code).toBe(0);
    expect(cloud.tables.commandCalls(UpdateCommand)).toEqual([]);
  });

  test.each([
    ['running', { leaseUntil: NOW }, 'runs, under a lease until 2026-11-22T12:00:00.000Z'],
    ['succeeded', {}, 'is succeeded'],
    ['dead-lettered', {}, 'is dead-lettered'],
    ['failed', { failure: { reason: 'internal' } }, 'is failed'],
  ])('a job that is %s is refused', async (status, row, words) => {
    cloud.job(ID, { status, ...row });
    cloud.tables.on(UpdateCommand).rejects(raced);
    expect((await cancel()).errors).toEqual([`bulwark: ${ID} ${words}: it cannot be cancelled`]);
  });
});

test('any other error of the table is the command’s', async () => {
  cloud.job(ID);
  cloud.tables.on(UpdateCommand).rejects(new Error('throttled'));
  expect((await jobs('cancel', '--reason', 'x')).errors).toEqual(['bulwark: Error: throttled']);
});

test.each([
  ['show', []],
  ['retry', ['--reason', 'x']],
  ['cancel', ['--reason', 'x']],
])('jobs %s of an unknown job is one clear line', async (verb, more) => {
  expect(await jobs(verb, ...more)).toEqual({
    code: 1,
    printed: [],
    errors: [`bulwark: there is no job ${ID} in dev`],
  });
});

test.each([
  [['show'], '`--job` is needed'],
  [['show', '--job', 'x'], '`--job` must be like job_ and 32 hexadecimal digits, got: x'],
  [['retry', '--job', ID], '`--reason` is needed'],
  [['cancel', '--job', ID], '`--reason` is needed'],
  [['show', '--job', ID, '--force'], '`--force` is no option of `jobs show`'],
])('jobs %j is wrong usage', async (args, message) => {
  expect(await cloud.bulwark('jobs', ...args)).toMatchObject({
    code: 2,
    errors: [`bulwark: ${message} (--help lists the commands)`],
  });
});

describe('nothing that is printed can be forged', () => {
  const forged = 'model\u001b[2K\rstatus         succeeded\nreason         -\u202e';

  test('by a row: a line stays a line, and shows what is in it', async () => {
    cloud.job(ID, { status: 'failed', model: forged, correlationId: '\u009b2J', labels: ['bidi', '\u001b]0;x\u0007'] });
    const { printed } = await jobs('show');
    expect(printed).toHaveLength(17);
    expect(printed.join('')).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(printed).toContain('status         failed');
    expect(printed).toContain('model          model\\u{1b}[2K\\rstatus         succeeded\\nreason         -\\u{202e}');
    expect(printed).toContain('labels         bidi, \\u{1b}]0;x\\u{7}');
  });

  test('in JSON either, which still means the same', async () => {
    cloud.job(ID, { model: forged });
    const { printed } = await jobs('show', '--json');
    expect(printed).toHaveLength(1);
    expect(printed[0]).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({ model: forged });
  });

  test('by an error', async () => {
    cloud.tables.on(GetCommand).rejects(new Error(`x\u001b[31m\u202e\r${forged}`));
    const { errors } = await jobs('show');
    expect(errors).toHaveLength(1);
    expect(errors[0]).not.toMatch(/[\p{Cc}\u202e]/u);
  });
});
