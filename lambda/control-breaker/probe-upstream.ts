import { isHeld } from '../../lib/contract/consumer-hold';
import { type BreakerRow, BreakerStatus } from '../../lib/contract/control';
import type { ControlMessage } from '../../lib/contract/messages';
import { pauseConsumer } from '../runtime/consumer-control/pause-consumer';
import type { ControlDependencies } from './dependencies';
import { secondsToProbe, turnOf } from './turn';

type Probe = Extract<ControlMessage, { kind: 'probe' }>;

/** Seconds between two looks at a queue that is empty. */
const LOOK_AGAIN_SECONDS = 5;

/** Seconds until the next message where one was no probe, as one whose job had ended. */
const NEXT_MESSAGE_SECONDS = 1;

/** Looks in a row for nothing after which the sweeper's are enough; a minute's worth, as it runs every minute. */
const MOST_IDLE_LOOKS = 12;

/** Whether the probe that the message stands for has been overtaken: by another probe, or by another state. */
const isOvertaken = (row: BreakerRow | undefined, { epoch, turn }: Probe): row is undefined =>
  !row || row.status === BreakerStatus.CLOSED || row.epoch !== epoch || (turn !== undefined && turn !== turnOf(row));

/**
 * Lets one message of the work queue through, as the consumer is paused: the processor itself takes the breaker's one
 * probe, so that a message too many costs no call. Goes on only where it took none; what a probe makes of the breaker
 * has messages of its own, by the table's stream.
 */
export const probeUpstream = async (message: Probe, dependencies: ControlDependencies): Promise<void> => {
  const { store, hold, controlQueue, workQueue, processor, log, now, stepSeconds } = dependencies;
  const row = await store.read(message.breaker);
  if (isOvertaken(row, message)) return;
  const standing = { ...message, turn: turnOf(row) };
  const again = (seconds: number, idle: number) => controlQueue.send({ ...standing, idle }, seconds);
  await pauseConsumer(dependencies, 'the breaker is not closed');
  // Without a message of its own: once the hold is lifted, the sweeper sees a probe that nobody makes.
  if (row.held || isHeld(await hold.read())) return;
  const waitSeconds = secondsToProbe(row, now());
  if (waitSeconds > 0) return again(waitSeconds, 0);

  const received = await workQueue.receiveOne();
  const isDone = received !== undefined && (await processor.process(received));
  if (received) {
    const { messageId } = received;
    log.info('One message was let through while the breaker is not closed.', { messageId, isDone });
    if (isDone) await workQueue.delete(received.receiptHandle);
    if (isOvertaken(await store.read(message.breaker), standing)) return;
  }
  if (!isDone && message.idle >= MOST_IDLE_LOOKS) return;
  const pauseSeconds = received ? NEXT_MESSAGE_SECONDS : Math.min(LOOK_AGAIN_SECONDS, stepSeconds);
  await again(pauseSeconds, isDone ? 0 : message.idle + 1);
};
