import { HoldStatus } from '../../lib/contract/consumer-hold';
import type { SpendReport, SpendWindowReport, SpendWindowsReport } from '../../lib/contract/spend-control';
import { formatUsd } from '../../lib/contract/usd';

/** Where the money is, for people; times are UTC. */
export function spendLines(report: SpendReport): string[] {
  const { cut, usedUp, hold } = report;
  return [
    cut ? `spending   ${cutLine(cut)}` : 'spending   goes on',
    ...(hold === undefined || hold === HoldStatus.LIFTED ? [] : [`consumer   ${HOLDS[hold]}`]),
    ...windowLines(report),
    `caps       ${capsLine(report)}`,
    ...(usedUp !== undefined && !cut ? [`used up    ${usedUp}: spending is cut off within a minute`] : []),
  ];
}

const HOLDS = {
  [HoldStatus.HELD]: 'held: nothing is received from the work queue',
  [HoldStatus.LIFTING]: 'is being released',
  unknown: 'not known: the control table does not answer',
} as const;

export function cutLine({ at, by, reason }: NonNullable<SpendReport['cut']>): string {
  return `cut off since ${new Date(at).toISOString()} by ${by} (${reason})`;
}

export function windowLines({ day, month }: SpendWindowsReport, indent = ''): string[] {
  return [`${indent}day`.padEnd(11) + windowLine(day), `${indent}month`.padEnd(11) + windowLine(month)];
}

function windowLine({ window, cap, spent, reserved, left, spentPercent, resetsAt }: SpendWindowReport): string {
  const of = cap === undefined ? 'spent, no cap' : `of ${formatUsd(cap)} spent (${spentPercent} %)`;
  const rest = left === undefined ? '' : `, ${formatUsd(left)} left`;
  return `${window}: ${formatUsd(spent)} ${of}, ${formatUsd(reserved)} reserved${rest}, until ${resetsAt}`;
}

/** The caps, and whether an operator has set them in place of the deployed ones. */
export function capsLine({ deployed, override }: Pick<SpendReport, 'deployed' | 'override'>): string {
  const capLine = (name: string, was: number | undefined, set: number | undefined) =>
    set === undefined ? `${name} ${usd(was)} as deployed` : `${name} ${usd(set)} set in place of ${usd(was)}`;
  return [
    capLine('day', deployed.globalDay, override.globalDay),
    capLine('month', deployed.globalMonth, override.globalMonth),
  ].join(', ');
}

const usd = (cap: number | undefined): string => (cap === undefined ? 'no cap' : formatUsd(cap));
