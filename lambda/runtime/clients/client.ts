import type { ClientRow } from '../../../lib/contract/client-rows';

/** A client, as far as authorizing one needs it. */
export type Client = Pick<ClientRow, 'clientId' | 'status' | 'plan' | 'usageIdentifierKey' | 'keys'>;

/** Where clients are kept. */
export interface IClientStore {
  read(clientId: string): Promise<Client | undefined>;
}
