import type { SweepRequest } from '../../lib/contract/key-sweep';

/**
 * What an event asks for; that of a schedule asks for nothing.
 * @throws TypeError where `revoke` or `keyId` is there and is not what it must be: what was meant must not be guessed.
 */
export const parseSweepRequest = (event: unknown): SweepRequest => {
  const { revoke, keyId } = (event ?? {}) as Readonly<Record<string, unknown>>;
  if (revoke === undefined) return {};
  if (typeof revoke !== 'boolean') throw new TypeError(`\`revoke\` must be true or false, got: ${typeof revoke}`);
  if (keyId === undefined) return { revoke };
  if (typeof keyId !== 'string' || keyId === '') throw new TypeError('`keyId` must be a text that is not empty');
  return { revoke, keyId };
};
