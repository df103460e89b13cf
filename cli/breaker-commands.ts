import { type BreakerRow, BreakerStatus, UPSTREAM_BREAKER } from '../lib/contract/control';
import { reasonOf } from './arguments';
import { audited } from './audit';
import { forceBreaker, readBreaker, readConsumer } from './breaker';
import { type Command, type Invocation, operatorOf, readTarget, report } from './command';
import type { ForcedStatus } from './forced-row';

const isoTime = (ms: number | undefined): string => (ms === undefined ? '-' : new Date(ms).toISOString());

async function status(invocation: Invocation): Promise<void> {
  readTarget(invocation.args);
  const operator = await operatorOf(invocation);
  const [row, consumer] = await Promise.all([readBreaker(operator), readConsumer(operator)]);
  const limit = consumer.maxConcurrency === undefined ? '' : `, at most ${consumer.maxConcurrency} at once`;
  report(invocation, { breaker: row ?? { status: BreakerStatus.CLOSED, epoch: 0 }, consumer }, [
    ...describe(row),
    `consumer   ${consumer.state}${limit}`,
  ]);
}

/** A breaker for people; times are UTC. */
function describe(row: BreakerRow | undefined): string[] {
  if (!row) return [`breaker    ${UPSTREAM_BREAKER}: closed (it was never opened)`];
  const lines = [
    `breaker    ${UPSTREAM_BREAKER}: ${row.status}${row.held ? ', held by an operator' : ''}`,
    `since      ${isoTime(row.changedAt)} (${row.reason}), epoch ${row.epoch}`,
  ];
  if (row.status === BreakerStatus.CLOSED) return [...lines, `last open  ${isoTime(row.lastOpenedAt)}`];
  lines.push(`opened     ${isoTime(row.lastOpenedAt)}, openings in a row: ${row.openings}`);
  if (!row.held) lines.push(`next probe ${nextProbe(row)}, successes in a row: ${row.successes}`);
  return lines;
}

/** When the next probe may start; of one under way, when it ends at the latest. */
function nextProbe({ openUntil, nextProbeAt, probeUntil }: BreakerRow): string {
  if (probeUntil !== undefined) return `under way, until ${isoTime(probeUntil)} at the latest`;
  const from = openUntil ?? nextProbeAt;
  return from === undefined ? 'now' : isoTime(from);
}

const force =
  (to: ForcedStatus, what: string, done: string): Command['run'] =>
  async (invocation) => {
    readTarget(invocation.args);
    const reason = reasonOf(invocation.args);
    const operator = await operatorOf(invocation);
    const act = { what, on: `breaker#${UPSTREAM_BREAKER}`, reason };
    const { row, changed } = await audited(operator, act, async () => {
      const value = await forceBreaker(operator, to, reason);
      return { value, result: value.changed ? `${to}, epoch ${value.row?.epoch}` : `was ${to} already` };
    });
    report(invocation, { breaker: row ?? { status: to, epoch: 0 }, changed }, [
      changed ? done : `The breaker \`${UPSTREAM_BREAKER}\` is ${to} already.`,
    ]);
  };

export const breakerCommands: Readonly<Record<string, Command>> = {
  'breaker status': { options: [], run: status },
  'breaker open': {
    options: ['reason'],
    run: force(
      BreakerStatus.OPEN,
      'breaker.open',
      `The breaker \`${UPSTREAM_BREAKER}\` is held open: no call is made until \`bulwark breaker close\`.`,
    ),
  },
  'breaker close': {
    options: ['reason'],
    run: force(
      BreakerStatus.CLOSED,
      'breaker.close',
      `The breaker \`${UPSTREAM_BREAKER}\` is closed: the consumer resumes in steps.`,
    ),
  },
};
