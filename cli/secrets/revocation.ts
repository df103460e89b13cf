import type { SweepAnswer, SweepRequest } from '../../lib/contract/key-sweep';
import type { Operator } from '../command';
import { CommandFailure } from '../failure';
import type { Progress } from '../progress';
import { invoke } from './invoke';
import type { RotatedSecret } from './managed-secret';
import { type Rotated, rotate } from './rotation';

/** Where to read on when a key was not ended. */
const RUNBOOK = 'docs/runbooks/key-leaked.md';

/** Which key somebody else has: that of a version, or one that the secret held once, by the provider's id of it. */
export type LeakedKey = 'current' | 'previous' | { readonly keyId: string };

/** A leaked key that works no more. */
export interface Revoked {
  readonly secret: string;
  /** Keys that the provider has ended in this run, those included whose grace was over: one at least. */
  readonly retired: number;
  /** The rotation by which another key became current; absent where the leaked one was not current any more. */
  readonly rotated?: Rotated;
}

/**
 * Ends a leaked key at the provider, for good and without the grace of a planned rotation. Where it is the current one,
 * another becomes current first, so that there is always one that works.
 *
 * @throws CommandFailure where the leaked key may work still, as nothing shows that it was ended; it says so
 */
export async function revoke(
  operator: Operator,
  secret: RotatedSecret,
  leaked: LeakedKey,
  progress: Progress,
): Promise<Revoked> {
  const rotated = leaked === 'current' ? await replace(operator, secret, progress) : undefined;
  const { retired, unended = 0 } = await endLeakedKey(operator, secret, leaked);
  if (unended > 0 || retired === 0) throw new CommandFailure(notEnded(unended, rotated));
  return { secret: secret.name, retired, ...(rotated && { rotated }) };
}

function notEnded(unended: number, rotated: Rotated | undefined): string {
  const what =
    unended > 0
      ? `the provider was not seen to refuse ${unended === 1 ? 'it' : `${unended} of its values`}`
      : 'the provider ended no key: it was ended before, or is not one of its keys';
  const current = rotated ? ` (version ${rotated.version} is current)` : '';
  return `the leaked key may work still, for ${what}${current}; end it in the provider's console: ${RUNBOOK}`;
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

async function endLeakedKey(
  { access }: Operator,
  { name, rotation }: RotatedSecret,
  leaked: LeakedKey,
): Promise<SweepAnswer> {
  const request: SweepRequest = { revoke: true, ...(typeof leaked === 'object' && leaked) };
  try {
    const answer = (await invoke(access, rotation.sweeper, request)) as Partial<SweepAnswer> | undefined;
    if (typeof answer?.retired === 'number') return { ...answer, retired: answer.retired };
    throw new CommandFailure(`${rotation.sweeper} did not say how many keys it ended`);
  } catch (error) {
    throw new CommandFailure(
      `the leaked key may work still: ${(error as Error).message}; again with \`bulwark secrets revoke --now --secret ${name} --key ${typeof leaked === 'object' ? leaked.keyId : 'previous'}\`, or end it in the provider's console`,
    );
  }
}
