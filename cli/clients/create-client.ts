import { randomBytes } from 'node:crypto';
import { hashClientKey, makeClientKey } from '../../lib/contract/client-keys';
import { DEFAULT_PLAN } from '../../lib/contract/client-plan';
import type { ClientRow, UsageKeyKindValue } from '../../lib/contract/client-rows';
import { ClientStatus } from '../../lib/contract/tables';
import type { AwsAccess, Deployment } from '../deployment';
import { drawClientId } from './client-id';
import { planIdsOf, usageKeyKindOf } from './client-plans';
import { ClientTable } from './client-table';
import { UsageKeyRing } from './usage-keys';

/** A client to be made. */
export interface NewClient {
  readonly name: string;
  /** @default DEFAULT_PLAN */
  readonly plan?: string;
  /** Whether it shares the usage key of its plan, whatever the environment's choice. @default false */
  readonly sharesUsageKey?: boolean;
  /** @default - drawn at random */
  readonly clientId?: string;
  /** Milliseconds since the epoch. @default - the system's clock */
  readonly nowMs?: number;
}

/** A client that was just made; its key is nowhere else. */
export interface CreatedClient {
  readonly clientId: string;
  readonly name: string;
  readonly plan: string;
  readonly key: string;
  readonly usageKey: UsageKeyKindValue;
  /** Whether it shares its plan's usage key because the account has no room for another. */
  readonly isMakeshift: boolean;
}

/**
 * Makes a client: its usage key in the usage plan first, its row last, so that a crash in between leaves a usage key that
 * nobody can present, and never a client without a fence. `revokeClient` clears such a key away.
 * @throws CommandRefusal where there is no such plan
 */
export async function createClient(
  deployment: Deployment,
  access: AwsAccess,
  { name, plan = DEFAULT_PLAN, sharesUsageKey = false, clientId = drawClientId(), nowMs = Date.now() }: NewClient,
): Promise<CreatedClient> {
  const place = { deployment, access };
  const ring = new UsageKeyRing(place);
  const kind = usageKeyKindOf(deployment, sharesUsageKey);
  const usageKey = await ring.obtain(clientId, planIdsOf(deployment, plan), kind);
  const key = makeClientKey(deployment.environment, clientId, randomBytes(32));
  const createdAt = new Date(nowMs).toISOString();
  const row: ClientRow = {
    clientId,
    name,
    status: ClientStatus.ACTIVE,
    plan,
    usageIdentifierKey: usageKey.value,
    usageKey: usageKey.kind,
    keys: [{ hash: hashClientKey(key), createdAt }],
    createdAt,
  };
  try {
    await new ClientTable(place).put(row);
  } catch (error) {
    await ring.takeBack(usageKey);
    throw error;
  }
  return { clientId, name, plan, key, usageKey: usageKey.kind, isMakeshift: usageKey.isMakeshift };
}
