import type { ControlMessage } from '../../../lib/contract/messages';

/** The queue on which the breaker's controller sends itself messages for later. */
export interface IControlQueue {
  /** Sends the message; nobody receives it for `delaySeconds`, which is cut to 0..900 whole seconds, rounded up. */
  send(message: ControlMessage, delaySeconds: number): Promise<void>;
  /** Lets a received message be received again after `seconds`, instead of after several runs of its consumer. */
  returnAfter(receiptHandle: string, seconds: number): Promise<void>;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** The message that a body holds, or undefined where it holds none. */
export const parseControlMessage = (body: string): ControlMessage | undefined => {
  try {
    const { kind, breaker, epoch, concurrency, idle, turn } = JSON.parse(body) ?? {};
    if (!isText(breaker) || !isCount(epoch)) return undefined;
    if (kind === 'probe' && isCount(idle)) {
      return { kind, breaker, epoch, idle, ...(isText(turn) && { turn }) };
    }
    if (kind === 'resume' && isCount(concurrency)) return { kind, breaker, epoch, concurrency };
    return undefined;
  } catch {
    return undefined;
  }
};
