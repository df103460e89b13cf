import type { SweepRequest } from '../../lib/contract/key-sweep';

/**
 * What an event asks for; that of a schedule asks for nothing.
 * @throws TypeError where `revoke` is there and is neither true nor false: what was meant must not be guessed.
 */
export const parseSweepRequest = (event: unknown): SweepRequest => {
  const { revoke } = (event ?? {}) as Readonly<Record<string, unknown>>;
  if (revoke === undefined) return {};
  if (typeof revoke !== 'boolean') throw new TypeError(`\`revoke\` must be true or false, got: ${typeof revoke}`);
  return { revoke };
};
