import type { SweepAnswer, SweepRequest } from '../../lib/contract/key-sweep';
import type { Operator } from '../command';
import { CommandFailure } from '../failure';
import type { Progress } from '../progress';
import { invoke } from './invoke';
import type { RotatedSecret } from './managed-secret';
import { type Rotated, rotate } from './rotation';

/** Which key somebody else has. */
export type LeakedKey = 'current' | 'previous';

/** A leaked key that works no more. */
export interface Revoked {
  readonly secret: string;
  /** Keys that the provider has ended. */
  readonly retired: number;
  /** The rotation by which another key became current; absent where the leaked one was not current any more. */
  readonly rotated?: Rotated;
}

/**
 * Ends a leaked key at the provider, for good and without the grace of a planned rotation. Where it is the current one,
 * another becomes current first, so that there is always one that works.
 *
 * @throws CommandFailure where the leaked key may work still; it says so
 */
export async function revoke(
  operator: Operator,
  secret: RotatedSecret,
  leaked: LeakedKey,
  progress: Progress,
): Promise<Revoked> {
  const rotated = leaked === 'current' ? await replace(operator, secret, progress) : undefined;
  const retired = await endOldKeys(operator, secret);
  return { secret: secret.name, retired, ...(rotated && { rotated }) };
}

/** A rotation that hangs does not keep a leaked key alive: it is abandoned. */
async function replace(operator: Operator, secret: RotatedSecret, progress: Progress): Promise<Rotated> {
  try {
    return await rotate(operator, secret, progress, true);
  } catch (error) {
    throw new CommandFailure(
      `the leaked key works still, for no other could take its place: ${(error as Error).message}; end it in the provider's console`,
    );
  }
}

async function endOldKeys({ access }: Operator, { name, rotation }: RotatedSecret): Promise<number> {
  const request: SweepRequest = { revoke: true };
  try {
    const report = await invoke(access, rotation.sweeper, request);
    const retired = (report as Partial<SweepAnswer> | undefined)?.retired;
    if (typeof retired === 'number') return retired;
    throw new CommandFailure(`${rotation.sweeper} did not say how many keys it ended`);
  } catch (error) {
    throw new CommandFailure(
      `the leaked key may work still: ${(error as Error).message}; again with \`bulwark secrets revoke --now --secret ${name} --key previous\`, or end it in the provider's console`,
    );
  }
}
