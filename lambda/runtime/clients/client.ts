import type { ClientStatusValue } from '../../../lib/contract/tables';

/** A client, as far as authorizing one needs it. */
export interface Client {
  readonly clientId: string;
  readonly status: ClientStatusValue;
  /** Names the client to the usage plan; stays the same while its keys change. */
  readonly usageIdentifierKey: string;
  /** One live key, or two during a rotation. */
  readonly keys: readonly { readonly hash: string; readonly createdAt: string }[];
}

/** Where clients are kept. */
export interface IClientStore {
  read(clientId: string): Promise<Client | undefined>;
}
