import { type BreakerRow, BreakerStatus } from '../../lib/contract/control';
import type { ControlMessage } from '../../lib/contract/messages';
import { ConsumerBusyError, LEAST_CONCURRENCY } from '../runtime/consumer-control/consumer';
import { pauseConsumer } from '../runtime/consumer-control/pause-consumer';
import type { ControlDependencies } from './dependencies';
import { probeUpstream } from './probe-upstream';
import { resumeConsumer } from './resume-consumer';
import { secondsToProbe, turnOf } from './turn';

/** Seconds after which a step is tried again that met a change of the consumer under way. */
const BUSY_SECONDS = 5;

/** Takes one step that a message of the control queue asks for. */
export const onControlMessage = async (message: ControlMessage, dependencies: ControlDependencies): Promise<void> => {
  try {
    await (message.kind === 'probe' ? probeUpstream(message, dependencies) : resumeConsumer(message, dependencies));
  } catch (error) {
    if (!(error instanceof ConsumerBusyError)) throw error;
    // To wait so costs no receive; the queue's own way to wait would, and the message would end as a dead letter.
    await dependencies.controlQueue.send(message, BUSY_SECONDS);
  }
};

/**
 * Follows a change of a breaker: open pauses the consumer, and sends a message for the time of the next probe, and so
 * does each turn of the half-open state; closed resumes it. A change that another has followed already is left to that
 * one's own event.
 */
export const onBreakerChange = async (change: BreakerRow, breaker: string, dependencies: ControlDependencies) => {
  const { store, controlQueue, now } = dependencies;
  const row = await store.read(breaker);
  if (row?.epoch !== change.epoch || turnOf(row) !== turnOf(change)) return;
  const { epoch } = row;
  if (row.status === BreakerStatus.CLOSED) {
    await onControlMessage({ kind: 'resume', breaker, epoch, concurrency: LEAST_CONCURRENCY }, dependencies);
    return;
  }
  await pauseConsumer(dependencies, 'the breaker is not closed');
  if (row.held) return;
  // Where a probe is under way, this message is for the case that its worker dies.
  await controlQueue.send({ kind: 'probe', breaker, epoch, turn: turnOf(row), idle: 0 }, secondsToProbe(row, now()));
};
