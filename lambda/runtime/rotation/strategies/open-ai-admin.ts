import { createHash } from 'node:crypto';
import type { GenerateContext, IRotationStrategy, RetireContext } from '../rotation-strategy';
import type { SecretValue } from '../secret-value';
import { unendedOf } from '../unended';

/** A key of a service account, as its Admin API lists it. */
export interface ServiceAccountKey {
  readonly id: string;
  readonly name: string;
}

/** The keys of one service account. */
export interface IServiceAccountKeys {
  list(): Promise<readonly ServiceAccountKey[]>;
  /** Mints a key; its value is told this once. */
  create(name: string): Promise<{ readonly id: string; readonly value: string }>;
  /** Ends a key at once; does nothing where there is none. */
  remove(id: string): Promise<void>;
}

export interface OpenAiAdminTools {
  readonly keys: IServiceAccountKeys;
  /** Tries a key by a call that costs nothing. @throws CredentialRejectedError where it is refused. */
  readonly verifyKey: (apiKey: string) => Promise<void>;
  /** The rotated secret: its keys are told by their names from those of other secrets. */
  readonly secretId: string;
}

/** What the names of a secret's keys begin with. */
export const keyNamePrefix = (secretId: string): string =>
  `bulwark-${createHash('sha256').update(secretId).digest('hex').slice(0, 12)}-`;

/** Keys that OpenAI mints on demand, each named after its rotation. */
export const openAiAdmin = ({ keys, verifyKey, secretId }: OpenAiAdminTools): IRotationStrategy => {
  const prefix = keyNamePrefix(secretId);

  /** A key of this name was minted by a run whose put was lost: its value is gone, and with it its use. */
  const generate = async ({ token }: GenerateContext): Promise<SecretValue> => {
    const name = prefix + token;
    for (const key of await keys.list()) if (key.name === name) await keys.remove(key.id);
    const { id, value } = await keys.create(name);
    return { apiKey: value, keyId: id };
  };

  const isOver = ({ id, name }: ServiceAccountKey, { keep, retirable, openToken }: RetireContext): boolean => {
    const isKnownAs = (values: readonly SecretValue[]) => values.some(({ keyId }) => keyId === id);
    if (isKnownAs(keep)) return false;
    if (isKnownAs(retirable)) return true;
    // A kept value of which nobody noted the id may be any of these keys.
    return name.startsWith(prefix) && name !== `${prefix}${openToken}` && keep.every(({ keyId }) => keyId);
  };

  return {
    generate,
    discard: async ({ keyId }) => {
      if (keyId) await keys.remove(keyId);
    },
    apply: async () => undefined,
    verify: ({ apiKey }) => verifyKey(apiKey),
    retire: async (read) => {
      const listed = await keys.list();
      const context = await read();
      const over = listed.filter((key) => isOver(key, context));
      for (const { id } of over) await keys.remove(id);
      const unsure = context.leaked.filter(({ keyId }) => !over.some(({ id }) => id === keyId));
      return { retired: over.length, ...(await unendedOf(unsure, verifyKey)) };
    },
  };
};
