import { type BreakerRow, BreakerStatus } from '../../lib/contract/control';
import type { ControlMessage } from '../../lib/contract/messages';
import type { ControlDependencies } from './dependencies';
import { pauseConsumer } from './pause-consumer';

type Probe = Extract<ControlMessage, { kind: 'probe' }>;

/** Seconds between two looks at a queue that is empty, or at a probe of another worker that is under way. */
const LOOK_AGAIN_SECONDS = 5;

/** Looks in a row at an empty queue after which the sweeper's are enough; a minute's worth, as it runs every minute. */
const MOST_IDLE_LOOKS = 12;

/** Whether the probe that the message stands for has been overtaken: closed, or open for another window. */
const isOvertaken = (row: BreakerRow | undefined, { epoch }: Probe): row is undefined =>
  !row || row.status === BreakerStatus.CLOSED || (row.status === BreakerStatus.OPEN && row.epoch !== epoch);

/** Seconds until a probe may start; 0 for now. */
const secondsToWait = (row: BreakerRow, nowMs: number, stepSeconds: number): number => {
  const openForMs = row.status === BreakerStatus.OPEN ? (row.openUntil ?? 0) - nowMs : 0;
  if (openForMs > 0) return openForMs / 1_000;
  return (row.probeUntil ?? 0) > nowMs ? Math.min(LOOK_AGAIN_SECONDS, stepSeconds) : 0;
};

/**
 * Lets one message of the work queue through, as the consumer is paused: the processor itself takes the breaker's one
 * probe, so that a message too many costs no call. Then goes on until the breaker is closed or open anew, whose own
 * events take over.
 */
export const probeUpstream = async (message: Probe, dependencies: ControlDependencies): Promise<void> => {
  const { store, controlQueue, workQueue, processor, log, now, stepSeconds } = dependencies;
  const row = await store.read(message.breaker);
  if (isOvertaken(row, message)) return;
  const again = (seconds: number, change: Partial<Probe> = {}) =>
    controlQueue.send({ ...message, idle: 0, ...change }, seconds);
  await pauseConsumer(dependencies);
  if (row.held) return;
  const waitSeconds = secondsToWait(row, now(), stepSeconds);
  if (waitSeconds > 0) return again(waitSeconds);

  const received = await workQueue.receiveOne();
  if (!received) {
    if (message.idle >= MOST_IDLE_LOOKS) return;
    return again(Math.min(LOOK_AGAIN_SECONDS, stepSeconds), { idle: message.idle + 1 });
  }
  const isDone = await processor.process(received);
  log.info('One message was let through while the breaker is not closed.', { messageId: received.messageId, isDone });
  if (isDone) await workQueue.delete(received.receiptHandle);

  const after = await store.read(message.breaker);
  if (isOvertaken(after, message)) return;
  const isProbing = after.status === BreakerStatus.HALF_OPEN;
  await again(isProbing ? 0 : 1, { epoch: after.epoch });
};
