import { CLIENT_ID_PATTERN } from '../../lib/contract/client-keys';
import { DEFAULT_PLAN, PLAN_NAME_PATTERN } from '../../lib/contract/client-plan';
import { ClientStatus, type ClientStatusValue } from '../../lib/contract/tables';
import { type Arguments, need, reasonOf, spanOf } from '../arguments';
import { UNSTATED_REASON } from '../audit';
import { CommandUsageError } from '../failure';
import { ENDINGS, type Ending } from './rotate-client';

/** How long the old key lives on, unless told otherwise. */
const DEFAULT_OVERLAP = '7d';
const MOST_OVERLAP_MS = 90 * 86_400_000;

/** Name of a client: 1 to 128 characters on one line. */
export function nameOf(args: Arguments): string {
  const name = need(args.name, '--name');
  if (name.length > 128) throw new CommandUsageError(`\`--name\` must be at most 128 characters, got: ${name.length}`);
  if (/\p{Cc}/u.test(name)) throw new CommandUsageError('`--name` must be one line without control characters');
  return name;
}

/** Id of a client; what is given in its place is not repeated, as it may be its key. */
export function clientIdOf(args: Arguments): string {
  const clientId = need(args.client, '--client');
  if (CLIENT_ID_PATTERN.test(clientId)) return clientId;
  throw new CommandUsageError(
    '`--client` must be 16 lower-case letters and digits, the id of a client and not its key',
  );
}

/** Name of a plan. @throws CommandUsageError where it could be none */
export function planNameOf(plan: string): string {
  if (PLAN_NAME_PATTERN.test(plan)) return plan;
  throw new CommandUsageError(`\`--plan\` must be the name of a plan, such as ${DEFAULT_PLAN}, got: ${plan}`);
}

/** State of clients. */
export function statusOf(status: string): ClientStatusValue {
  const found = Object.values(ClientStatus).find((known) => known === status);
  if (found) return found;
  throw new CommandUsageError(`\`--status\` must be ${Object.values(ClientStatus).join(' or ')}, got: ${status}`);
}

/** Which of two live keys is to be ended, where no other is to be made. */
export function endingOf(args: Arguments): Ending | undefined {
  if (args.end === undefined) return undefined;
  if (args.now || args.overlap !== undefined) {
    throw new CommandUsageError('`--end` makes no key: it goes with neither `--now` nor `--overlap`');
  }
  const found = ENDINGS.find((known) => known === args.end);
  if (found) return found;
  throw new CommandUsageError(`\`--end\` must be ${ENDINGS.join(' or ')}, got: ${args.end}`);
}

/** Milliseconds for which the old key lives on: 0 with `--now`, at most 90 days. */
export function overlapOf(args: Arguments): number {
  if (args.now && args.overlap !== undefined) {
    throw new CommandUsageError('`--now` leaves no overlap: say one of `--now` and `--overlap`');
  }
  const overlapMs = args.now ? 0 : spanOf(args.overlap ?? DEFAULT_OVERLAP, '--overlap');
  if (overlapMs <= MOST_OVERLAP_MS) return overlapMs;
  throw new CommandUsageError(`\`--overlap\` must be at most 90d, got: ${args.overlap}`);
}

/** Why a client is changed, for the audit, where somebody says so. */
export const optionalReasonOf = (args: Arguments): string =>
  reasonOf({ ...args, reason: args.reason ?? UNSTATED_REASON });
