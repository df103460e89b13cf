import { randomBytes } from 'node:crypto';
import { hashClientKey, makeClientKey } from '../../lib/contract/client-keys';
import { type ClientKeyRow, isLiveKey, MAX_LIVE_KEYS } from '../../lib/contract/client-rows';
import { CommandRefusal } from '../failure';
import { ClientTable, type Place } from './client-table';

/** What a rotation left: the keys that are live now, the newer last, and the new one where there is one. */
export interface RotatedClient {
  readonly clientId: string;
  /** It is nowhere else. @default - none was made */
  readonly key?: string;
  readonly liveKeys: readonly Pick<ClientKeyRow, 'createdAt' | 'expiresAt'>[];
}

/** Which of two live keys is ended. */
export const ENDINGS = ['old', 'new'] as const;

export type Ending = (typeof ENDINGS)[number];

/**
 * Gives a client another key, in one write. The old one lives on for the overlap; where that is 0, every older key is
 * refused from now on.
 * @throws CommandRefusal where the client is not active, or has two live keys that are not all to be ended
 */
export async function rotateClient(
  place: Place,
  clientId: string,
  overlapMs: number,
  nowMs: number,
): Promise<RotatedClient> {
  const table = new ClientTable(place);
  const seen = await table.findActive(clientId);
  const live = seen.keys.filter((key) => isLiveKey(key, nowMs));
  if (overlapMs > 0 && live.length >= MAX_LIVE_KEYS) throw new CommandRefusal(twoKeys(clientId, live));
  const key = makeClientKey(place.deployment.environment, clientId, randomBytes(32));
  const added: ClientKeyRow = { hash: hashClientKey(key), createdAt: isoTime(nowMs) };
  const old = overlapMs > 0 ? live.map((each) => ({ ...each, expiresAt: isoTime(nowMs + overlapMs) })) : [];
  const keys = [...old, added];
  await table.change(seen, { keys });
  return { clientId, key, liveKeys: keys.map(withoutHash) };
}

/**
 * Ends one of two live keys at once and makes none: the old one, where the new one is in use before the overlap is over;
 * or the new one, where it got lost, and then the old one no longer expires.
 * @throws CommandRefusal where the client is not active, or has no two live keys
 */
export async function endClientKey(
  place: Place,
  clientId: string,
  ending: Ending,
  nowMs: number,
): Promise<RotatedClient> {
  const table = new ClientTable(place);
  const seen = await table.findActive(clientId);
  const live = seen.keys.filter((key) => isLiveKey(key, nowMs));
  const kept = ending === 'old' ? live.at(-1) : live.at(0);
  if (live.length < MAX_LIVE_KEYS || !kept) {
    throw new CommandRefusal(
      `client ${clientId} has ${live.length} live key, not two: rotate it, or revoke the client`,
    );
  }
  const keys = [{ hash: kept.hash, createdAt: kept.createdAt }];
  await table.change(seen, { keys });
  return { clientId, liveKeys: keys.map(withoutHash) };
}

function twoKeys(clientId: string, [older]: readonly ClientKeyRow[]): string {
  const until = older?.expiresAt === undefined ? '' : `, the older until ${older.expiresAt}`;
  return `client ${clientId} has two live keys already${until}: wait for that, end one with --end old or --end new, or both with --now`;
}

const isoTime = (ms: number): string => new Date(ms).toISOString();

const withoutHash = ({ createdAt, expiresAt }: ClientKeyRow) => ({ createdAt, ...(expiresAt && { expiresAt }) });
