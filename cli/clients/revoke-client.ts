import { CommandRefusal } from '../failure';
import { ClientTable, type Place } from './client-table';
import { UsageKeyRing } from './usage-keys';

/**
 * Revokes a client for good: once the authorizer's cache has run out, every request with its keys is refused with 403. Its
 * row first, as that is what refuses; then its usage keys, of which an account has 10 000 at most. To revoke it again
 * changes nothing. Where a command was cut off before it had made the client, its usage key is cleared away.
 * @throws CommandRefusal when there is no such client
 */
export async function revokeClient(place: Place, clientId: string, nowMs: number = Date.now()): Promise<void> {
  const isThere = await new ClientTable(place).revoke(clientId, new Date(nowMs).toISOString());
  const ring = new UsageKeyRing(place);
  for (const { id } of await ring.ofClient(clientId)) await ring.delete(id);
  if (!isThere) throw new CommandRefusal(`there is no client ${clientId} in ${place.deployment.environment}`);
}
