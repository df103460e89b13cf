import type { HoldRow } from '../../../lib/contract/consumer-hold';

/** What keeps the consumer paused on purpose, whatever the breaker says. */
export interface IConsumerHold {
  /** The row, by a consistent read; undefined where the consumer was never held. */
  read(): Promise<HoldRow | undefined>;
  /** Writes `next` in place of the row that was seen. @throws HoldChangedError where it is another by now */
  replace(seen: HoldRow | undefined, next: HoldRow): Promise<void>;
}

/** Thrown where somebody else has written the hold since it was read: read it again. */
export class HoldChangedError extends Error {
  override readonly name = 'HoldChangedError';

  constructor(options?: ErrorOptions) {
    super('The hold on the consumer was changed meanwhile.', options);
  }
}
