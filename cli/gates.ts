import { type BreakerRow, BreakerStatus, UPSTREAM_BREAKER } from '../lib/contract/control';
import { readBreaker } from './breaker';
import type { Operator } from './command';
import { CommandRefusal } from './failure';
import type { Gate } from './gate';
import { budgetGate } from './spend/budget-gate';

/** Refuses while the breaker is not closed: the jobs would only come back. */
const breakerGate: Gate = {
  refusal: async (operator) => {
    const state = stateOf(await readBreaker(operator));
    if (state === undefined) return undefined;
    return { why: `the breaker \`${UPSTREAM_BREAKER}\` is ${state}`, instead: 'wait until it closes' };
  },
};

function stateOf(row: BreakerRow | undefined): string | undefined {
  switch (row?.status) {
    case BreakerStatus.OPEN:
      return row.held ? `held open (${row.reason})` : `open (${row.reason})`;
    case BreakerStatus.HALF_OPEN:
      return 'half-open: it is not sure yet that the upstream is back';
    default:
      return undefined;
  }
}

/** Every gate in front of the dead-letter queue, in order. */
export const DEAD_LETTER_GATES: readonly Gate[] = [breakerGate, budgetGate];

/** @throws CommandRefusal naming the first gate that refuses. */
export async function passGates(operator: Operator, gates: readonly Gate[]): Promise<void> {
  for (const gate of gates) {
    const refusal = await gate.refusal(operator);
    if (refusal) throw new CommandRefusal(`${refusal.why}; ${refusal.instead}, or say --force`);
  }
}
