import {
  CancelMessageMoveTaskCommand,
  ListMessageMoveTasksCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { CloudDouble, jobId } from '../doubles/cloud';
import { deployment } from '../doubles/deployment';

const ARN = 'arn:aws:sqs:eu-west-1:111122223333:dead';
let cloud: CloudDouble;

/** A task as SQS lists it: the n-th look sees the n-th state, and every later one the last. */
const tasks = (...states: Record<string, unknown>[]) => {
  let look = 0;
  cloud.sqs.mock.on(ListMessageMoveTasksCommand, { SourceArn: ARN }).callsFake(() => {
    const state = states[Math.min(look, states.length - 1)];
    look += 1;
    // What is seen first began before; all that is seen later is one task.
    const began = look === 1 ? 1 : 2;
    return { Results: state ? [{ StartedTimestamp: began, ApproximateNumberOfMessagesMoved: 0, ...state }] : [] };
  });
};
const RUNNING = { Status: 'RUNNING', TaskHandle: 'handle', ApproximateNumberOfMessagesToMove: 900 };
const redrive = (...more: string[]) => cloud.bulwark('dlq', 'redrive', '--reason', 'back', ...more);

beforeEach(() => {
  cloud = new CloudDouble();
  cloud.sqs.mock.on(StartMessageMoveTaskCommand).resolves({ TaskHandle: 'handle' });
  cloud.sqs.mock.on(CancelMessageMoveTaskCommand).resolves({ ApproximateNumberOfMessagesMoved: 40 });
});

test('all of a queue is moved by SQS itself, at the rate, and followed to its end', async () => {
  const old = { Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 3 };
  tasks(old, RUNNING, { ...RUNNING, ApproximateNumberOfMessagesMoved: 500 }, RUNNING, {
    Status: 'COMPLETED',
    ApproximateNumberOfMessagesMoved: 900,
  });
  const { code, printed, errors } = await redrive('--rate', '200/s');
  expect({ code, printed }).toEqual({ code: 0, printed: ['Moved 900 messages to the work queue.'] });
  expect(errors).toEqual(['moved 0 of 900']);
  expect(cloud.sqs.mock.commandCalls(StartMessageMoveTaskCommand).map(({ args }) => args[0].input)).toEqual([
    {
      SourceArn: ARN,
      DestinationArn: 'arn:aws:sqs:eu-west-1:111122223333:work',
      MaxNumberOfMessagesPerSecond: 200,
    },
  ]);
  expect(cloud.sqs.steps).toEqual([]);
  expect(cloud.audit.map(({ result }) => result)).toEqual(['begun', 'moved 900']);
});

test('there is one task a queue: one that runs already is followed, and not started again', async () => {
  tasks(RUNNING, { Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 900 });
  const { code, errors } = await redrive('--json');
  expect({ code, errors }).toEqual({
    code: 0,
    errors: ['A move task runs already, at its own rate: following it.'],
  });
  expect(cloud.sqs.mock.commandCalls(StartMessageMoveTaskCommand)).toEqual([]);
});

test('a list that lags does not end the command by an earlier task’s end', async () => {
  const earlier = { Status: 'COMPLETED', StartedTimestamp: 1, ApproximateNumberOfMessagesMoved: 3 };
  tasks(earlier, earlier, earlier, { Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 900 });
  expect((await redrive()).printed).toEqual(['Moved 900 messages to the work queue.']);
});

test('a task that SQS does not list within a minute is told as such', async () => {
  tasks({ Status: 'COMPLETED' });
  cloud.sqs.mock.on(ListMessageMoveTasksCommand).resolves({ Results: [{ Status: 'COMPLETED', StartedTimestamp: 1 }] });
  expect((await redrive()).errors.at(-1)).toBe(
    'bulwark: SQS started a move task and does not list it: look with `aws sqs list-message-move-tasks`',
  );
});

test('the newest task counts', async () => {
  const newest = { Status: 'COMPLETED', StartedTimestamp: 9, ApproximateNumberOfMessagesMoved: 7 };
  const older = [2, 5].map((StartedTimestamp) => ({ Status: 'FAILED', StartedTimestamp }));
  cloud.sqs.mock
    .on(ListMessageMoveTasksCommand)
    .resolvesOnce({ Results: older })
    .resolves({ Results: [...older.slice(0, 1), newest, ...older.slice(1)] });
  expect((await redrive()).printed).toEqual(['Moved 7 messages to the work queue.']);
});

test.each([
  ['InvalidAction', ListMessageMoveTasksCommand],
  ['UnsupportedOperation', StartMessageMoveTaskCommand],
  ['AWS.SimpleQueueService.UnsupportedOperation', StartMessageMoveTaskCommand],
])('a queue that answers %s is emptied message by message', async (name, command) => {
  tasks();
  cloud.sqs.mock.on(command as typeof StartMessageMoveTaskCommand).rejects(Object.assign(new Error('x'), { name }));
  cloud.deadLetter(jobId(1), 'internal');
  expect((await redrive()).printed).toEqual(['Moved 1 message (internal 1) to the work queue.']);
  expect(cloud.sqs.messages(deployment.queueUrl)).toHaveLength(1);
});

test('any other error is the command’s', async () => {
  tasks();
  cloud.sqs.mock.on(StartMessageMoveTaskCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDenied' }));
  expect((await redrive()).errors).toEqual(['bulwark: AccessDenied: no']);
});

test.each([
  [
    { Status: 'FAILED', ApproximateNumberOfMessagesMoved: 5, FailureReason: 'KmsDenied' },
    'FAILED after 5 messages: KmsDenied',
  ],
  [{ Status: 'CANCELLED', ApproximateNumberOfMessagesMoved: 6 }, 'CANCELLED after 6 messages: no reason given'],
])('a task that ends as %j is a failure', async (end, words) => {
  tasks({ Status: 'COMPLETED' }, RUNNING, end);
  expect(await redrive()).toMatchObject({ code: 1, errors: [`bulwark: the move task ended as ${words}`] });
  expect(cloud.audit.at(-1)?.result).toBe(`failed: the move task ended as ${words}`);
});

test('Ctrl-C cancels the task', async () => {
  tasks({ Status: 'COMPLETED' }, RUNNING);
  cloud.interruption.abort();
  expect((await redrive()).errors).toEqual(['bulwark: interrupted after 40 messages: run it again to go on']);
  expect(cloud.sqs.mock.commandCalls(CancelMessageMoveTaskCommand)[0]?.args[0].input).toEqual({ TaskHandle: 'handle' });
});

test('a breaker that opens on the way cancels the task', async () => {
  tasks({ Status: 'COMPLETED' }, RUNNING);
  const row = { name: 'breaker#upstream', epoch: 2, changedAt: 0, openings: 1, successes: 0 };
  let looks = 0;
  Object.defineProperty(cloud, 'breaker', {
    get: () => {
      looks += 1;
      return looks > 1 ? { ...row, status: 'open', reason: 'slow' } : undefined;
    },
  });
  expect((await redrive()).errors.at(-1)).toBe(
    'bulwark: stopped after 40 messages: the breaker `upstream` is open (slow); wait until it closes, or say --force',
  );
});

test.each([[['--max', '5']], [['--where', 'reason=internal']]])(
  '%j needs a look at the messages, which a move task does not take',
  async (args) => {
    cloud.deadLetter(jobId(1), 'internal');
    expect((await redrive(...args)).code).toBe(0);
    expect(cloud.sqs.mock.commandCalls(StartMessageMoveTaskCommand)).toEqual([]);
    expect(cloud.sqs.mock.commandCalls(ListMessageMoveTasksCommand)).toEqual([]);
  },
);
