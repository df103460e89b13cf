import {
  CancelMessageMoveTaskCommand,
  ListMessageMoveTasksCommand,
  type ListMessageMoveTasksResultEntry,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import type { Operator } from '../command';
import { CommandFailure } from '../failure';
import { passGates } from '../gates';
import type { Progress } from '../progress';
import type { DeadLetterQueue } from './dead-letter-queue';
import { GATE_EVERY_MS, type RedriveRequest, type RedriveResult } from './redrive';

/** Most messages a second that a move task does; a quota of SQS. */
export const MAX_MOVE_RATE = 500;

/** Milliseconds between two looks at the task. */
const POLL_MS = 1_000;

/** Milliseconds within which SQS lists a task that it has started. */
const LISTED_WITHIN_MS = 60_000;

/** What a queue says that has no move tasks, as an emulator's, or a queue that takes none. */
const UNSUPPORTED = /InvalidAction|UnsupportedOperation|UnknownOperation|NotImplemented/;

/**
 * Lets SQS itself move every message back to the work queue. There is one such task a queue: where one
 * runs already, such as that of a command that was killed, it is followed and not started again.
 *
 * @returns undefined where the queue has no move tasks
 * @throws CommandFailure where the task fails, a gate closes on the way or the person interrupts
 */
export async function redriveByMoveTask(
  queue: DeadLetterQueue,
  operator: Operator,
  request: RedriveRequest,
  progress: Progress,
): Promise<RedriveResult | undefined> {
  const task = new MoveTask(new SQSClient({ ...operator.access }), await queue.arns());
  try {
    if (await task.find()) progress.output.printError('A move task runs already, at its own rate: following it.');
    else await task.start(request.rate);
  } catch (error) {
    if (UNSUPPORTED.test((error as Error).name)) return undefined;
    throw error;
  }
  const moved = await follow(task, operator, request, progress);
  return { moved, examined: moved, byReason: {}, by: 'move-task' };
}

/** Waits for the end of the task; answers how many messages it moved. */
async function follow(task: MoveTask, operator: Operator, request: RedriveRequest, progress: Progress) {
  let gatesAtMs = operator.now() + GATE_EVERY_MS;
  const listedByMs = operator.now() + LISTED_WITHIN_MS;
  for (;;) {
    const { isListed, status, moved, total, failure } = await task.look();
    if (!isListed && operator.now() >= listedByMs) {
      throw new CommandFailure(
        'SQS started a move task and does not list it: look with `aws sqs list-message-move-tasks`',
      );
    }
    if (status === 'COMPLETED') return moved;
    if (status !== 'RUNNING' && status !== 'CANCELLING') {
      throw new CommandFailure(`the move task ended as ${status} after ${moved} messages: ${failure}`);
    }
    if (operator.signal.aborted) {
      throw new CommandFailure(`interrupted after ${await task.cancel()} messages: run it again to go on`);
    }
    if (operator.now() >= gatesAtMs) {
      gatesAtMs = operator.now() + GATE_EVERY_MS;
      await passGates(operator, request.gates).catch(async (error: Error) => {
        throw new CommandFailure(`stopped after ${await task.cancel()} messages: ${error.message}`);
      });
    }
    progress.tell(`moved ${moved} of ${total}`);
    await operator.sleep(POLL_MS, operator.signal);
  }
}

class MoveTask {
  #handle: string | undefined;
  /** When the task began that was the newest before this one. */
  #earlier: number | undefined;

  constructor(
    readonly sqs: SQSClient,
    readonly arns: { readonly from: string; readonly to: string },
  ) {}

  /** Whether one runs. */
  async find(): Promise<boolean> {
    const latest = await this.#latest();
    const isRunning = latest?.Status === 'RUNNING';
    this.#handle = isRunning ? latest.TaskHandle : undefined;
    this.#earlier = isRunning ? undefined : latest?.StartedTimestamp;
    return isRunning;
  }

  async start(rate: number): Promise<void> {
    const { TaskHandle } = await this.sqs.send(
      new StartMessageMoveTaskCommand({
        SourceArn: this.arns.from,
        // Named, since of a message that the processor itself put there SQS does not know where it came from.
        DestinationArn: this.arns.to,
        MaxNumberOfMessagesPerSecond: rate,
      }),
    );
    this.#handle = TaskHandle;
  }

  async look() {
    const latest = await this.#latest();
    // The list may lag: an earlier task's end is not this one's.
    const isEarlier = latest?.StartedTimestamp !== undefined && latest.StartedTimestamp === this.#earlier;
    const entry = isEarlier ? undefined : latest;
    return {
      isListed: entry !== undefined,
      status: entry?.Status ?? 'RUNNING',
      moved: Number(entry?.ApproximateNumberOfMessagesMoved ?? 0),
      total: Number(entry?.ApproximateNumberOfMessagesToMove ?? 0),
      failure: entry?.FailureReason ?? 'no reason given',
    };
  }

  /** Stops it; answers how many it had moved. What was moved stays moved. */
  async cancel(): Promise<number> {
    const { ApproximateNumberOfMessagesMoved } = await this.sqs.send(
      new CancelMessageMoveTaskCommand({ TaskHandle: this.#handle }),
    );
    return Number(ApproximateNumberOfMessagesMoved ?? 0);
  }

  /** The newest task of the queue. */
  async #latest(): Promise<ListMessageMoveTasksResultEntry | undefined> {
    const { Results = [] } = await this.sqs.send(
      new ListMessageMoveTasksCommand({ SourceArn: this.arns.from, MaxResults: 10 }),
    );
    return Results.toSorted((a, b) => Number(b.StartedTimestamp ?? 0) - Number(a.StartedTimestamp ?? 0))[0];
  }
}
