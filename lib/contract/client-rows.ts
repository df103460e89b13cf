import type { ClientStatusValue } from './tables';

/** One key of a client, as its row has it. */
export interface ClientKeyRow {
  /** Hex SHA-256 of the key. */
  readonly hash: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601: from then on the key is refused. @default - it does not expire */
  readonly expiresAt?: string;
}

/** Whose usage key a client has: one of its own, or the one that all such clients of its plan share. */
export const UsageKeyKind = {
  CLIENT: 'client',
  PLAN: 'plan',
} as const;

export type UsageKeyKindValue = (typeof UsageKeyKind)[keyof typeof UsageKeyKind];

/** A row of the clients table. */
export interface ClientRow {
  readonly clientId: string;
  readonly name: string;
  readonly status: ClientStatusValue;
  /** @default DEFAULT_PLAN */
  readonly plan?: string;
  /** Value of the usage key by which API Gateway knows the client; stays the same while its keys change. */
  readonly usageIdentifierKey: string;
  /** @default UsageKeyKind.CLIENT */
  readonly usageKey?: UsageKeyKindValue;
  /** One live key, or two during a rotation, the newer last; beside them keys that have expired. */
  readonly keys: readonly ClientKeyRow[];
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601. */
  readonly revokedAt?: string;
  /** ISO 8601: when it was last given another plan or usage key. */
  readonly planChangedAt?: string;
  /** Value of the usage key that it had until then. */
  readonly formerUsageKey?: string;
}

/** Live keys that a client has at most. */
export const MAX_LIVE_KEYS = 2;

/** Whether a key is accepted at that time; one whose expiry cannot be read is not. */
export const isLiveKey = ({ expiresAt }: Pick<ClientKeyRow, 'expiresAt'>, nowMs: number): boolean =>
  expiresAt === undefined || Date.parse(expiresAt) > nowMs;
