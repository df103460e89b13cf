import { need } from '../arguments';
import type { Deployment } from '../deployment';
import { CommandRefusal, CommandUsageError } from '../failure';

/** The secrets of a deployment, as operators name them. */
export const SECRET_NAMES = ['upstream', 'admin', 'pool'] as const;

export type SecretName = (typeof SECRET_NAMES)[number];

/** One secret of a deployment. */
export interface ManagedSecret {
  readonly name: SecretName;
  /** Its ARN; its name where an emulator knows no better. */
  readonly id: string;
  /** The functions that rotate it and that retire its old keys. @default - it does not rotate */
  readonly rotation?: { readonly rotator: string; readonly sweeper: string };
}

/** A secret that rotates. */
export type RotatedSecret = Required<ManagedSecret>;

/** Every secret that the deployment has. */
export function managedSecrets({ upstreamSecret, rotation }: Deployment): ManagedSecret[] {
  const { rotator, sweeper, adminSecret, poolSecret } = rotation;
  return [
    ...(upstreamSecret
      ? [
          {
            name: 'upstream' as const,
            id: upstreamSecret,
            ...(rotator && sweeper && { rotation: { rotator, sweeper } }),
          },
        ]
      : []),
    ...(adminSecret ? [{ name: 'admin' as const, id: adminSecret }] : []),
    ...(poolSecret ? [{ name: 'pool' as const, id: poolSecret }] : []),
  ];
}

/** @throws CommandRefusal where this deployment has no such secret */
export function secretOf(deployment: Deployment, name: SecretName): ManagedSecret {
  const secret = managedSecrets(deployment).find((candidate) => candidate.name === name);
  if (!secret) throw new CommandRefusal(`${deployment.environment} has no ${name} secret: its key comes otherwise`);
  return secret;
}

/** @throws CommandRefusal where the secret does not rotate */
export function rotatedSecretOf(deployment: Deployment, name: SecretName): RotatedSecret {
  const { rotation, ...secret } = secretOf(deployment, name);
  if (!rotation) {
    throw new CommandRefusal(
      `the ${name} secret of ${deployment.environment} does not rotate: make a new key at the provider, then \`bulwark secrets put ${name}\``,
    );
  }
  return { ...secret, rotation };
}

/** @throws CommandUsageError where it is no secret's name */
export function checkSecretName(value: string): SecretName {
  const name = SECRET_NAMES.find((candidate) => candidate === need(value, '--secret'));
  if (!name) throw new CommandUsageError(`\`--secret\` must be one of ${SECRET_NAMES.join(', ')}, got: ${value}`);
  return name;
}
