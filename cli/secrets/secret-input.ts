import { ADMIN_SECRET_FIELD, PoolSecretField, RotatedSecretField } from '../../lib/contract/rotation';
import { CommandUsageError } from '../failure';
import type { SecretName } from './managed-secret';

/** Most characters of one key. */
const KEY_LENGTH = 512;

/** Most keys of a pool. */
const POOL_SIZE = 100;

/** Fewest keys of a pool: with one there is nothing to rotate to. */
const LEAST_POOL_SIZE = 2;

const KEY = /^[\x21-\x7e]+$/;
/** A provider's id of a key. */
export const KEY_ID = /^[\w-]{1,128}$/;

interface KeyLine {
  readonly id?: string;
  readonly apiKey: string;
}

/**
 * The value of a secret, from what was typed or piped in: `KEY` or `ID KEY` for one key, a line `ID KEY` for each key of
 * the pool. The id is the provider's name of the key, by which it is switched on and off.
 *
 * @throws CommandUsageError that says what is wrong and in which line, and nothing of the input
 */
export function secretValueFrom(name: SecretName, input: string): string {
  const lines = input.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length === 0) throw new CommandUsageError(`no key came on standard input`);
  const keys = lines.map((line, index) => parseLine(line, index + 1));
  return JSON.stringify(name === 'pool' ? poolOf(keys) : oneKeyOf(name, keys));
}

function parseLine(line: string, number: number): KeyLine {
  const words = line.trim().split(/\s+/);
  const apiKey = words.at(-1) ?? '';
  const id = words.length > 1 ? words[0] : undefined;
  const isKey = apiKey.length <= KEY_LENGTH && KEY.test(apiKey);
  if (words.length > 2 || !isKey || (id !== undefined && !KEY_ID.test(id))) {
    throw new CommandUsageError(
      `line ${number} of the input must be KEY or ID KEY, a key of at most ${KEY_LENGTH} visible characters`,
    );
  }
  return { ...(id && { id }), apiKey };
}

function oneKeyOf(name: SecretName, [key, ...more]: readonly KeyLine[]) {
  if (more.length > 0) throw new CommandUsageError(`the input must be one line, got: ${more.length + 1}`);
  if (name === 'admin') return { [ADMIN_SECRET_FIELD]: key?.apiKey };
  return { [RotatedSecretField.API_KEY]: key?.apiKey, ...(key?.id && { [RotatedSecretField.KEY_ID]: key.id }) };
}

function poolOf(keys: readonly KeyLine[]) {
  if (keys.length < LEAST_POOL_SIZE || keys.length > POOL_SIZE) {
    throw new CommandUsageError(`a pool must have ${LEAST_POOL_SIZE} to ${POOL_SIZE} keys, got: ${keys.length}`);
  }
  const nameless = keys.findIndex(({ id }) => id === undefined);
  if (nameless >= 0)
    throw new CommandUsageError(`line ${nameless + 1} of the input must be ID KEY: a pool needs the ids`);
  for (const field of ['id', 'apiKey'] as const) {
    const values = keys.map((key) => key[field]);
    const repeated = values.findIndex((value, index) => values.indexOf(value) < index);
    if (repeated >= 0)
      throw new CommandUsageError(`line ${repeated + 1} of the input repeats ${field === 'id' ? 'an id' : 'a key'}`);
  }
  return {
    [PoolSecretField.KEYS]: keys.map(({ id, apiKey }) => ({
      [PoolSecretField.ID]: id,
      [PoolSecretField.API_KEY]: apiKey,
    })),
  };
}
