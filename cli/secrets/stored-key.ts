import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { RotationEnvironment } from '../../lambda/runtime/rotation/rotation-environment';
import { FederationProviderName } from '../../lib/contract/federation';
import { UPSTREAM_SECRET_FIELD } from '../../lib/contract/upstream-secret';
import { age } from '../age';
import type { Operator } from '../command';
import type { AwsAccess } from '../deployment';
import { CommandFailure } from '../failure';
import type { ManagedSecret } from './managed-secret';
import type { ProgramCredential } from './program-credential';
import { secretText } from './secret-text';

/**
 * The key that the service itself uses, where the provider can make none that is short-lived: the program's end does
 * not end it.
 *
 * @throws CommandRefusal where whoever asks may not read it
 */
export async function storedKey(
  { access, deployment }: Operator,
  { id }: ManagedSecret,
  rotation: RotationEnvironment | undefined,
): Promise<ProgramCredential> {
  const value = keyIn(await secretText(access, id, refusalFor(deployment.environment)));
  const until = rotation ? await endOf(access, id, rotation.graceMs) : 'until somebody ends it at the provider';
  return {
    value,
    provider: FederationProviderName.ANTHROPIC,
    kind: 'key',
    isShortLived: false,
    description: `the key of ${deployment.environment} itself, which is not short-lived: it works ${until}, whether the program runs or not`,
  };
}

const refusalFor = (environment: string): string =>
  `you may not read the key of ${environment}: your role must be among its \`secretReaders\`, and its own policy must allow it; or have a token instead: see docs/development.md`;

function keyIn(text: string): string {
  const key = fieldOf(text);
  if (typeof key !== 'string' || key === '') throw new CommandFailure('the upstream secret holds no key');
  return key;
}

function fieldOf(text: string): unknown {
  try {
    return JSON.parse(text)?.[UPSTREAM_SECRET_FIELD];
  } catch {
    return undefined;
  }
}

/** Whoever may read the value need not be allowed to look at the schedule. */
async function endOf(access: AwsAccess, SecretId: string, graceMs: number): Promise<string> {
  const after = `until ${age(graceMs)} after its next rotation`;
  try {
    const { NextRotationDate: next } = await new SecretsManagerClient({ ...access }).send(
      new DescribeSecretCommand({ SecretId }),
    );
    return next ? `${after}, which is due ${next.toISOString()}` : after;
  } catch {
    return after;
  }
}
