import { CLIENT_KEY_RANDOM_BYTES, hashClientKey, makeClientKey } from '../../../../lib/contract/client-keys';
import { type ClientKeyRow, isLiveKey, MAX_LIVE_KEYS } from '../../../../lib/contract/client-rows';
import type { ClientKeySettings } from '../../../../lib/contract/rotation';
import type { Clock } from '../../clock/clock';
import { ClientKeyMissingError, ClientKeysContendedError, ClientKeysInUseError, ClientMissingError } from '../errors';
import type { IRotationStrategy, KnownValues } from '../rotation-strategy';
import type { SecretValue } from '../secret-value';
import type { RandomBytes } from './random-value';

/** The keys of clients. */
export interface IClientKeys {
  /** Reads consistently; undefined where there is no such client. */
  read(clientId: string): Promise<readonly ClientKeyRow[] | undefined>;
  /** Writes the keys where they are still those that were read; answers whether they were. */
  exchange(clientId: string, seen: readonly ClientKeyRow[], next: readonly ClientKeyRow[]): Promise<boolean>;
}

export interface ClientKeyTools {
  readonly keys: IClientKeys;
  readonly randomBytes: RandomBytes;
  readonly now: Clock;
}

/** Tries against others that write the same row. */
const TRIES = 5;

const hashesOf = (values: readonly SecretValue[]): ReadonlySet<string> =>
  new Set(values.map(({ apiKey }) => hashClientKey(apiKey)));

/** Keys of one of Bulwark's own clients, of which two are live during the grace. */
export const clientKey = (
  { clientId, environment }: Pick<ClientKeySettings, 'clientId' | 'environment'>,
  { keys, randomBytes, now }: ClientKeyTools,
): IRotationStrategy => {
  const readKeys = async () => {
    const stored = await keys.read(clientId);
    if (!stored) throw new ClientMissingError(clientId);
    const nowMs = now();
    return { stored, live: stored.filter((key) => isLiveKey(key, nowMs)) };
  };

  /** Changes the live keys by a pure function, and drops the expired ones; answers how many live keys it took away. */
  const change = async (alter: (live: readonly ClientKeyRow[]) => readonly ClientKeyRow[]): Promise<number> => {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { stored, live } = await readKeys();
      const next = alter(live);
      if (next === live || (await keys.exchange(clientId, stored, next))) {
        return live.filter((key) => !next.includes(key)).length;
      }
    }
    throw new ClientKeysContendedError(clientId);
  };

  const apply = async ({ apiKey }: SecretValue, { retirable }: KnownValues): Promise<void> => {
    const hash = hashClientKey(apiKey);
    const over = hashesOf(retirable);
    const added: ClientKeyRow = { hash, createdAt: new Date(now()).toISOString() };
    await change((live) => {
      if (live.some((key) => key.hash === hash)) return live;
      const others = live.length < MAX_LIVE_KEYS ? live : live.filter((key) => !over.has(key.hash));
      if (others.length >= MAX_LIVE_KEYS) throw new ClientKeysInUseError();
      return [...others, added];
    });
  };

  return {
    generate: async () => ({ apiKey: makeClientKey(environment, clientId, randomBytes(CLIENT_KEY_RANDOM_BYTES)) }),
    discard: async () => undefined,
    apply,
    verify: async ({ apiKey }) => {
      const hash = hashClientKey(apiKey);
      if (!(await readKeys()).live.some((key) => key.hash === hash)) throw new ClientKeyMissingError(clientId);
    },
    retire: async (read) => {
      const { retirable, leaked } = await read();
      const over = hashesOf(retirable);
      const retired = await change((live) => {
        const next = live.filter(({ hash }) => !over.has(hash));
        // A client is never left without a key, whatever the secret says.
        return next.length === 0 || next.length === live.length ? live : next;
      });
      const leakedHashes = hashesOf(leaked);
      const unended = leaked.length === 0 ? [] : (await readKeys()).live.filter(({ hash }) => leakedHashes.has(hash));
      return { retired, ...(unended.length > 0 && { unended: unended.length }) };
    },
  };
};
