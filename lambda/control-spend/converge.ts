import type { CutOff } from '../../lib/contract/ledger';
import { HoldChangedError } from '../runtime/consumer-control/consumer-hold';
import type { SpendStatus } from '../runtime/spend/ledger';
import type { SpendControlDependencies } from './dependencies';
import { enforceCutOff } from './enforce-cut-off';
import { liftHold } from './lift-hold';
import type { Unfinished } from './steps';

/** Times in a row that somebody else may cut off or restore under one run, before it leaves the rest to the next. */
const MOST_ROUNDS = 4;

/** How things are in the end. */
export interface Converged {
  readonly status: SpendStatus;
  readonly unfinished: readonly Unfinished[];
}

/**
 * Makes hold, consumer and usage plans follow the ledger, whose word alone decides whether spending is cut off: either
 * way, from whatever state a run that died or another that runs beside it has left them in. What the ledger says is read
 * again after the steps, so that of two runs the one that saw less does not have the last word.
 */
export const converge = async (status: SpendStatus, dependencies: SpendControlDependencies): Promise<Converged> => {
  let current = status;
  for (let round = 1; ; round += 1) {
    const { cut } = current;
    const unfinished = cut ? await enforceCutOff(cut, dependencies) : await liftHold(dependencies);
    if (!unfinished) return { status: current, unfinished: [] };
    current = await dependencies.ledger.readStatus(dependencies.now());
    const isStill = isSameCut(cut, current.cut) && !unfinished.some(({ error }) => error instanceof HoldChangedError);
    if (isStill || round === MOST_ROUNDS) return { status: current, unfinished };
  }
};

const isSameCut = (a: CutOff | undefined, b: CutOff | undefined): boolean => a?.at === b?.at && a?.by === b?.by;
