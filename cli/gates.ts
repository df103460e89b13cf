import { BreakerStatus, UPSTREAM_BREAKER } from '../lib/contract/control';
import { readBreaker } from './breaker';
import type { Operator } from './command';
import { CommandRefusal } from './failure';

/** Something that must be in order before jobs are let loose on the upstream. */
export interface Gate {
  /** Why not now, in words for the operator; undefined where nothing speaks against it. */
  readonly refusal: (operator: Operator) => Promise<string | undefined>;
}

/** Refuses while the breaker is not closed: the jobs would only come back. */
const breakerGate: Gate = {
  refusal: async (operator) => {
    const row = await readBreaker(operator);
    switch (row?.status) {
      case BreakerStatus.OPEN:
        return row.held
          ? `the breaker \`${UPSTREAM_BREAKER}\` is held open (${row.reason})`
          : `the breaker \`${UPSTREAM_BREAKER}\` is open (${row.reason})`;
      case BreakerStatus.HALF_OPEN:
        return `the breaker \`${UPSTREAM_BREAKER}\` is half-open: it is not sure yet that the upstream is back`;
      default:
        return undefined;
    }
  },
};

/** Every gate in front of the dead-letter queue, in order. */
export const DEAD_LETTER_GATES: readonly Gate[] = [breakerGate];

/** @throws CommandRefusal naming the first gate that refuses. */
export async function passGates(operator: Operator, gates: readonly Gate[]): Promise<void> {
  for (const gate of gates) {
    const refusal = await gate.refusal(operator);
    if (refusal) throw new CommandRefusal(`${refusal}; wait until it closes, or say --force`);
  }
}
