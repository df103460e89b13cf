import { SpendAction } from '../../lib/contract/spend-control';
import { formatUsd } from '../../lib/contract/usd';
import type { Gate } from '../gate';
import { askController } from './spend-controller';
import { cutLine } from './spend-lines';

/** Refuses while spending is cut off, or a window has nothing left: the jobs would only come back. */
export const budgetGate: Gate = {
  refusal: async (operator) => {
    if (!operator.deployment.spend.controller) return undefined;
    const { report } = await askController(operator, { action: SpendAction.STATUS }, 'status');
    const { cut, usedUp, day, month } = report;
    if (cut) return { why: `spending is ${cutLine(cut)}`, instead: 'restore it with `bulwark spend restore`' };
    const gone = [month, day].find(({ window, left }) => left === 0 || window === usedUp);
    if (!gone) return undefined;
    const { window, cap = 0, spent, reserved, resetsAt } = gone;
    return {
      why: `nothing is left of the cap of ${window} (${formatUsd(spent)} of ${formatUsd(cap)} are spent, ${formatUsd(reserved)} reserved)`,
      instead: `raise it with \`bulwark spend set\`, or wait until ${resetsAt}`,
    };
  },
};
