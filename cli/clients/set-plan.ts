import { DEFAULT_PLAN } from '../../lib/contract/client-plan';
import { type ClientRow, UsageKeyKind, type UsageKeyKindValue } from '../../lib/contract/client-rows';
import { age } from '../age';
import type { Operator } from '../command';
import { CommandFailure } from '../failure';
import type { Progress } from '../progress';
import { planIdsOf, usageKeyKindOf } from './client-plans';
import { ClientTable } from './client-table';
import { type OwnUsageKey, UsageKeyRing } from './usage-keys';

/** What a client is to have. */
export interface WantedPlan {
  readonly clientId: string;
  readonly plan: string;
  /** Whether it is to share the usage key of its plan; one that does so keeps on. */
  readonly sharesUsageKey: boolean;
}

/** A client that has the plan that it was to have. */
export interface PlannedClient {
  readonly clientId: string;
  readonly plan: string;
  /** The plan that it had before. */
  readonly former: string;
  readonly usageKey: UsageKeyKindValue;
  /** Whether it shares its plan's usage key because the account has no room for another. */
  readonly isMakeshift: boolean;
  readonly changed: boolean;
  /** Usage keys that nothing names any more and that were deleted. */
  readonly deletedUsageKeys: number;
}

/** Milliseconds after which a usage key that no row names cannot be one that another command is about to name. */
const LEFTOVER_MS = 15 * 60_000;

/** Milliseconds that the authorizer may take for an answer, and so longer that one from before the change may come. */
const AUTHORIZER_MS = 10_000;

/** Milliseconds between two looks at the clock. */
const POLL_MS = 1_000;

/**
 * Gives a client another plan, without a moment in which API Gateway does not know it: a usage key in the new plan first,
 * then one write that names plan and key together, and the former key last, once no answer of the authorizer is in use
 * that names it. Cut off anywhere, the client has one plan or the other; run again, it does the rest.
 * @throws CommandRefusal where there is no such plan, or the client is not active
 * @throws CommandFailure where it was interrupted before the former key was deleted
 */
export async function setPlan(operator: Operator, wanted: WantedPlan, progress: Progress): Promise<PlannedClient> {
  const { clientId, plan } = wanted;
  const ring = new UsageKeyRing(operator);
  planIdsOf(operator.deployment, plan);
  const own = await ring.ofClient(clientId);
  // Read after them: what a command in between has named is then no leftover.
  const seen = await new ClientTable(operator).findActive(clientId);
  const kind = usageKeyKindOf(operator.deployment, wanted.sharesUsageKey || seen.usageKey === UsageKeyKind.PLAN);
  const isSo = await has(operator, ring, seen, plan, kind);
  const { row, isMakeshift } = isSo
    ? { row: seen, isMakeshift: false }
    : await change(operator, ring, seen, plan, kind);
  const over = own.filter((key) => isOver(key, row, operator.now()));
  if (over.length > 0) await untilForgotten(operator, row, progress);
  for (const { id } of over) await ring.delete(id);
  return {
    clientId,
    plan,
    former: planOf(seen),
    usageKey: row.usageKey ?? UsageKeyKind.CLIENT,
    isMakeshift,
    changed: !isSo,
    deletedUsageKeys: over.length,
  };
}

const planOf = ({ plan = DEFAULT_PLAN }: ClientRow): string => plan;

/** Whether the row names the plan and a usage key of that kind; a shared one may have become another. */
async function has(operator: Operator, ring: UsageKeyRing, row: ClientRow, plan: string, kind: UsageKeyKindValue) {
  if (planOf(row) !== plan || (row.usageKey ?? UsageKeyKind.CLIENT) !== kind) return false;
  if (kind === UsageKeyKind.CLIENT) return true;
  return row.usageIdentifierKey === (await ring.sharedValue(planIdsOf(operator.deployment, plan)));
}

async function change(
  operator: Operator,
  ring: UsageKeyRing,
  seen: ClientRow,
  plan: string,
  kind: UsageKeyKindValue,
): Promise<{ readonly row: ClientRow; readonly isMakeshift: boolean }> {
  const usageKey = await ring.obtain(seen.clientId, planIdsOf(operator.deployment, plan), kind);
  const changed = {
    plan,
    usageKey: usageKey.kind,
    usageIdentifierKey: usageKey.value,
    formerUsageKey: seen.usageIdentifierKey,
    planChangedAt: new Date(operator.now()).toISOString(),
  };
  try {
    await new ClientTable(operator).change(seen, changed);
  } catch (error) {
    await ring.takeBack(usageKey);
    throw error;
  }
  return { row: { ...seen, ...changed }, isMakeshift: usageKey.isMakeshift };
}

/** The key that the row named before, and what commands that were cut off have left. */
function isOver({ value, createdMs }: OwnUsageKey, row: ClientRow, nowMs: number): boolean {
  if (value === undefined || value === row.usageIdentifierKey) return false;
  return value === row.formerUsageKey || (createdMs !== undefined && nowMs - createdMs > LEFTOVER_MS);
}

/** Waits until the gateway has forgotten every answer of the authorizer from before the change. */
async function untilForgotten(operator: Operator, { clientId, planChangedAt }: ClientRow, progress: Progress) {
  const { deployment, now, sleep, signal } = operator;
  const untilMs = Date.parse(planChangedAt ?? '') + deployment.revocationSeconds * 1_000 + AUTHORIZER_MS;
  while (now() < untilMs) {
    if (signal.aborted) {
      throw new CommandFailure(
        `client ${clientId} has its plan; interrupted before its former usage key was deleted: run this again`,
      );
    }
    progress.tell(`its former usage key is deleted in ${age(untilMs - now())}`);
    await sleep(Math.min(POLL_MS, untilMs - now()), signal);
  }
}
