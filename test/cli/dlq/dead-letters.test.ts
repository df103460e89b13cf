import { PurgeQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { BatchGetCommand } from '@aws-sdk/lib-dynamodb';
import { CloudDouble, jobId } from '../doubles/cloud';
import { deployment } from '../doubles/deployment';

const { deadLetterQueueUrl: DEAD } = deployment;
const PROMPT = 'my diagnosis is none of your business';
let cloud: CloudDouble;

beforeEach(() => {
  cloud = new CloudDouble();
});

describe('dlq list', () => {
  test('has a line a letter: job, client, status, reason, age, receives', async () => {
    cloud.deadLetter(jobId(1), 'upstream-error');
    cloud.deadLetter(jobId(2), undefined, { status: 'running' });
    cloud.sqs.put(DEAD, PROMPT);
    const { code, printed, errors } = await cloud.bulwark('dlq', 'list');
    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(printed).toEqual([
      'JOB                                   CLIENT            STATUS         REASON             AGE    RECEIVES',
      `${jobId(1)}  abcdefgh12345678  dead-lettered  upstream-error     1h 0m  1`,
      `${jobId(2)}  abcdefgh12345678  running        none               1h 0m  1`,
      '(message m3)                          -                 -              malformed-message  0s     1',
      '3 listed; dead holds about 3.',
    ]);
  });

  test('leaves every message where it was, for the next receiver at once', async () => {
    for (let n = 0; n < 25; n++) cloud.deadLetter(jobId(n), 'internal');
    expect((await cloud.bulwark('dlq', 'list')).printed).toHaveLength(27);
    expect([cloud.sqs.messages(DEAD).length, cloud.sqs.visible(DEAD)]).toEqual([25, 25]);
  });

  test('filters, and ends at --max', async () => {
    for (let n = 0; n < 12; n++) cloud.deadLetter(jobId(n), n % 2 ? 'internal' : 'upstream-timeout');
    const { printed } = await cloud.bulwark('dlq', 'list', '--where', 'reason=internal', '--max', '2', '--json');
    const { queue, inQueue, letters } = JSON.parse(printed[0] ?? '');
    expect({ queue, inQueue }).toEqual({ queue: 'dead', inQueue: 12 });
    expect(letters).toEqual(
      [1, 3].map((n) => ({
        messageId: `m${n + 1}`,
        jobId: jobId(n),
        clientId: 'abcdefgh12345678',
        status: 'dead-lettered',
        reason: 'internal',
        ageSeconds: 3_600,
        receives: 1,
        upstreamCalls: 7,
        bytes: 73,
      })),
    );
  });

  test('a copy is as old as the first message of its job', async () => {
    cloud.sqs.put(DEAD, 'x', { firstQueuedAt: cloud.nowMs - 7_200_000 });
    expect((await cloud.bulwark('dlq', 'list')).printed[1]).toContain('2h 0m');
  });

  test('an empty queue is one line', async () => {
    expect((await cloud.bulwark('dlq', 'list')).printed).toEqual(['0 listed; dead holds about 0.']);
  });

  test('rows that the table holds back are asked for again', async () => {
    cloud.deadLetter(jobId(1), 'internal');
    const row = cloud.jobs.get(jobId(1));
    const unread = { UnprocessedKeys: { jobs: { Keys: [{ jobId: jobId(1), part: 'job' }] } } };
    cloud.tables
      .on(BatchGetCommand)
      .resolvesOnce(unread)
      .resolves({ Responses: { jobs: [row ?? {}] } });
    expect((await cloud.bulwark('dlq', 'list', '--json')).printed[0]).toContain('"reason":"internal"');
    cloud.tables.on(BatchGetCommand).resolves(unread);
    expect((await cloud.bulwark('dlq', 'list')).errors).toEqual([
      'bulwark: Error: the rows of 1 jobs could not be read',
    ]);
    expect(cloud.sqs.visible(DEAD)).toBe(1);
  });

  test('a failure of AWS is one line', async () => {
    cloud.sqs.mock
      .on(ReceiveMessageCommand)
      .rejects(Object.assign(new Error('no\n  rights'), { name: 'AccessDenied' }));
    expect(await cloud.bulwark('dlq', 'list')).toEqual({
      code: 1,
      printed: [],
      errors: ['bulwark: AccessDenied: no rights'],
    });
  });
});

describe('dlq peek', () => {
  test('shows one letter: identifiers, sizes and states, the rest masked', async () => {
    cloud.deadLetter(jobId(0xabc), 'upstream-error', {
      failure: { reason: 'upstream-error', detail: 'upstream-error HTTP 529 overloaded_error' },
      sealedRequest: { ciphertext: 'sealed-bytes', wrappedKey: 'wrapped-bytes' },
    });
    const { code, printed } = await cloud.bulwark('dlq', 'peek', '--job', jobId(0xabc));
    expect(code).toBe(0);
    expect(printed).toEqual([
      'message        m1, 73 bytes, received 1 times',
      'first queued   2026-11-22T11:00:00.000Z (1h 0m ago)',
      `job            ${jobId(0xabc)}`,
      'client         abcdefgh12345678',
      'correlation    c-0abc',
      'status         dead-lettered',
      'reason         upstream-error (upstream-error HTTP 529 overloaded_error)',
      'model          claude-haiku-4-5',
      'labels         -',
      'created        2026-11-22T10:00:00.000Z',
      'updated        2026-11-22T11:00:00.000Z',
      'paid calls     7',
      'tokens at most 120 in, 256 out',
      'body           ***MASKED***',
      'request        ***MASKED***',
      '',
    ]);
    expect(cloud.sqs.visible(DEAD)).toBe(1);
  });

  test.each([
    ['a body that is no message', () => cloud.sqs.put(DEAD, PROMPT)],
    [
      'a message with more in it',
      () => cloud.sqs.put(DEAD, { jobId: jobId(1), correlationId: PROMPT, prompt: PROMPT }),
    ],
    [
      'a failure’s detail that is a text',
      () => cloud.deadLetter(jobId(1), 'internal', { failure: { reason: 'internal', detail: `"${PROMPT}"` } }),
    ],
    ['a sealed request', () => cloud.deadLetter(jobId(1), 'internal', { sealedRequest: { ciphertext: PROMPT } })],
  ])('prints nothing of %s, as lines or as JSON', async (_, put) => {
    put();
    for (const how of [[], ['--json']]) {
      for (const command of ['list', 'peek']) {
        const { code, printed, errors } = await cloud.bulwark('dlq', command, ...how);
        expect(code).toBe(0);
        expect([...printed, ...errors].join('\n')).not.toContain('diagnosis');
      }
    }
    expect((await cloud.bulwark('dlq', 'peek')).printed.join('\n')).toContain('***MASKED***');
  });

  test('asks the table for no sealed attribute', async () => {
    cloud.deadLetter(jobId(1), 'internal');
    await cloud.bulwark('dlq', 'peek');
    const asked = cloud.tables.commandCalls(BatchGetCommand)[0]?.args[0].input.RequestItems?.jobs;
    expect(Object.values(asked?.ExpressionAttributeNames ?? {}).filter((name) => /sealed|hash/i.test(name))).toEqual(
      [],
    );
    expect(asked?.ProjectionExpression?.split(', ').sort()).toEqual(
      Object.keys(asked?.ExpressionAttributeNames ?? {}).sort(),
    );
  });

  test('a letter that is not there is one line and exit code 1', async () => {
    cloud.deadLetter(jobId(1), 'internal');
    expect(await cloud.bulwark('dlq', 'peek', '--job', jobId(2))).toEqual({
      code: 1,
      printed: [],
      errors: ['bulwark: there is no such dead letter'],
    });
  });

  test.each([
    [['--job', 'job_1'], '`--job` must be like job_ and 32 hexadecimal digits, got: job_1'],
    [['--job', jobId(1), '--where', 'reason=x'], '`--job` and `--where` exclude each other'],
    [['--max', '101'], '`--max` must be a whole number from 1 to 100, got: 101'],
    [['--rate', '1'], '`--rate` is no option of `dlq peek`'],
  ])('%j is wrong usage', async (args, message) => {
    expect(await cloud.bulwark('dlq', 'peek', ...args)).toMatchObject({
      code: 2,
      errors: [`bulwark: ${message} (--help lists the commands)`],
    });
  });
});

describe('dlq purge', () => {
  const purge = (...more: string[]) => cloud.bulwark('dlq', 'purge', '--reason', 'test data', ...more);
  const DONE = 'Purged about 2 messages from dead. Their jobs stay as they are: `bulwark jobs retry` runs one again.';

  beforeEach(() => {
    cloud.deadLetter(jobId(1), 'internal');
    cloud.deadLetter(jobId(2), 'internal');
  });

  test.each([
    ['--confirm', ['--confirm', 'dead'], undefined],
    ['the person at the terminal', [], ' dead '],
  ])('deletes everything when %s names the queue', async (_, args, typed) => {
    cloud.typed = typed;
    expect(await purge(...args)).toEqual({ code: 0, printed: [DONE], errors: [] });
    expect(cloud.sqs.messages(DEAD)).toEqual([]);
    expect(cloud.audit.map(({ what, on, result }) => [what, on, result])).toEqual([
      ['dlq.purge', 'dead', 'begun'],
      ['dlq.purge', 'dead', 'purged about 2'],
    ]);
  });

  test.each([
    ['nobody is there to ask', [], undefined, 'to purge dead, say --confirm dead'],
    ['another name is typed', [], 'work', 'that is not the name of the queue: nothing was purged'],
    ['nothing is typed', [], '', 'that is not the name of the queue: nothing was purged'],
    ['another name is given', ['--confirm', 'work'], 'dead', 'that is not the name of the queue: nothing was purged'],
  ])('refuses when %s', async (_, args, typed, refusal) => {
    cloud.typed = typed;
    expect(await purge(...args)).toEqual({ code: 1, printed: [], errors: [`bulwark: ${refusal}`] });
    expect([cloud.sqs.messages(DEAD).length, cloud.audit.length]).toEqual([2, 0]);
  });

  test('refuses while the breaker is open, unless forced', async () => {
    cloud.breaker = {
      name: 'breaker#upstream',
      status: 'open',
      epoch: 1,
      changedAt: 0,
      reason: 'failure-rate',
      openings: 1,
      successes: 0,
    };
    expect((await purge('--confirm', 'dead')).errors).toEqual([
      'bulwark: the breaker `upstream` is open (failure-rate); wait until it closes, or say --force',
    ]);
    expect(cloud.sqs.messages(DEAD)).toHaveLength(2);
    expect((await purge('--confirm', 'dead', '--force')).code).toBe(0);
    expect(cloud.audit.at(-1)).toMatchObject({ reason: 'test data (forced)', result: 'purged about 2' });
  });

  test('a second purge within a minute is refused by SQS, in our words', async () => {
    const inProgress = Object.assign(new Error('x'), { name: 'PurgeQueueInProgress' });
    cloud.sqs.mock.on(PurgeQueueCommand).rejects(inProgress);
    expect((await purge('--confirm', 'dead')).errors).toEqual([
      'bulwark: dead was purged less than a minute ago; try again in a minute',
    ]);
    cloud.sqs.mock.on(PurgeQueueCommand).rejects(Object.assign(new Error('y'), { name: 'AccessDenied' }));
    expect((await purge('--confirm', 'dead')).errors).toEqual(['bulwark: AccessDenied: y']);
    expect(cloud.audit.map(({ result }) => result).filter((result) => result !== 'begun')).toEqual([
      'refused: dead was purged less than a minute ago; try again in a minute',
      'failed: AccessDenied',
    ]);
  });

  test('needs a reason', async () => {
    expect((await cloud.bulwark('dlq', 'purge')).errors).toEqual([
      'bulwark: `--reason` is needed (--help lists the commands)',
    ]);
  });
});
