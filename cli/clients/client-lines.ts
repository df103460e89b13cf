import { isLiveKey } from '../../lib/contract/client-rows';
import { age } from '../age';
import type { ListedClient } from './list-clients';

/** A client on one line for people: its id, state, plan, the ages of its live keys, its name. */
export function clientLine({ clientId, name, status, plan, keys }: ListedClient, nowMs: number): string {
  const live = keys.filter((key) => isLiveKey(key, nowMs));
  const ages = live.map(({ createdAt, expiresAt }) => {
    const until = expiresAt === undefined ? '' : ` until ${expiresAt}`;
    return `${age(nowMs - Date.parse(createdAt))} old${until}`;
  });
  const says = `${live.length} ${live.length === 1 ? 'key' : 'keys'}${ages.length > 0 ? `: ${ages.join(', ')}` : ''}`;
  return `${clientId}  ${status.padEnd(8)}  ${plan.padEnd(10)}  ${says}  ${withoutControls(name)}`;
}

/** What was typed as a name once must not move the cursor of whoever reads it. */
const withoutControls = (text: string): string => text.replace(/\p{Cc}/gu, '\ufffd');
