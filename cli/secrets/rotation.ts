import { randomUUID } from 'node:crypto';
import {
  RotateSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { SecretStage } from '../../lib/contract/rotation';
import { age } from '../age';
import type { Operator } from '../command';
import { isEmulated } from '../deployment';
import { CommandFailure, CommandRefusal } from '../failure';
import type { Progress } from '../progress';
import { type DrivenRotation, driveRotation } from './drive-rotation';
import type { RotatedSecret } from './managed-secret';
import { pendingVersion, readState, type SecretState } from './secret-state';

/** Milliseconds between two looks at a rotation. */
const POLL_MS = 3_000;

/** Milliseconds after which a rotation is no longer waited for: its four steps take seconds, and AWS repeats them. */
const WAIT_MS = 15 * 60_000;

/** Where to read on when a rotation does not end. */
const RUNBOOK = 'docs/runbooks/rotation-failed.md';

/** A rotation that has ended well. */
export interface Rotated {
  readonly secret: string;
  /** Id of the version that is current now. */
  readonly version: string;
  readonly ms: number;
}

/**
 * Rotates a secret and waits until its new value is current. The old key works on until the sweeper retires it.
 *
 * @param isForced whether a rotation that has not ended is abandoned first
 * @throws CommandRefusal where a rotation has not ended
 * @throws CommandFailure where this one does not end; the old value is current still
 */
export async function rotate(
  operator: Operator,
  secret: RotatedSecret,
  progress: Progress,
  isForced: boolean,
): Promise<Rotated> {
  const client = new SecretsManagerClient({ ...operator.access });
  const state = await readState(client, secret.id);
  await clearPending(client, secret, state, operator.now(), isForced);
  const startMs = operator.now();
  const token = randomUUID();
  if (isEmulated(operator.access)) {
    await drive(client, operator, { ...secret.rotation, arn: state.arn, token }, (step) =>
      progress.tell(`${secret.name}: ${step}`),
    );
  } else {
    await start(client, secret, state, token);
    await follow({ client, operator, secret, progress, token, startMs });
  }
  return { secret: secret.name, version: token, ms: operator.now() - startMs };
}

/** Secrets Manager begins no rotation while another one's version is pending. */
async function clearPending(
  client: SecretsManagerClient,
  { id, name }: RotatedSecret,
  state: SecretState,
  nowMs: number,
  isForced: boolean,
): Promise<void> {
  const pending = pendingVersion(state);
  if (!pending) return;
  if (!isForced) {
    const since = pending.createdMs === undefined ? '' : ` for ${age(nowMs - pending.createdMs)}`;
    throw new CommandRefusal(
      `a rotation of ${name} is in progress${since} (version ${pending.id}); wait, or abandon it with --force: ${RUNBOOK}`,
    );
  }
  await client.send(
    new UpdateSecretVersionStageCommand({
      SecretId: id,
      VersionStage: SecretStage.PENDING,
      RemoveFromVersionId: pending.id,
    }),
  );
}

async function start(client: SecretsManagerClient, { id, name }: RotatedSecret, state: SecretState, token: string) {
  if (!state.rotates) {
    throw new CommandRefusal(
      `the rotation of ${name} is switched off; \`aws secretsmanager rotate-secret --secret-id ${id}\` switches it on`,
    );
  }
  try {
    await client.send(new RotateSecretCommand({ SecretId: id, ClientRequestToken: token, RotateImmediately: true }));
  } catch (error) {
    if ((error as Error).name !== 'InvalidRequestException') throw error;
    throw new CommandRefusal(`Secrets Manager does not rotate ${name}: ${(error as Error).message}; see ${RUNBOOK}`);
  }
}

async function drive(
  client: SecretsManagerClient,
  { access }: Operator,
  driven: DrivenRotation,
  beforeStep: (step: string) => void,
): Promise<void> {
  try {
    await driveRotation(client, access, driven, beforeStep);
  } catch (error) {
    throw error instanceof CommandFailure ? new CommandFailure(`${error.message}; ${unchanged}`) : error;
  }
}

interface Followed {
  readonly client: SecretsManagerClient;
  readonly operator: Operator;
  readonly secret: RotatedSecret;
  readonly progress: Progress;
  readonly token: string;
  readonly startMs: number;
}

async function follow({ client, operator, secret, progress, token, startMs }: Followed): Promise<void> {
  const { now, sleep, signal } = operator;
  for (let wasSeen = false; ; await sleep(POLL_MS, signal)) {
    if (signal.aborted) throw new CommandFailure(`interrupted: the rotation of ${secret.name} goes on by itself`);
    const version = (await readState(client, secret.id)).versions.find(({ id }) => id === token);
    if (version?.stages.includes(SecretStage.CURRENT)) return;
    if (!version && wasSeen) throw new CommandFailure(`the rotation of ${secret.name} was abandoned: ${unchanged}`);
    wasSeen ||= version !== undefined;
    const waitedMs = now() - startMs;
    if (waitedMs >= WAIT_MS) {
      throw new CommandFailure(`the rotation of ${secret.name} has not ended after ${age(waitedMs)}: ${unchanged}`);
    }
    progress.tell(`${secret.name}: ${version?.stages.join(', ') ?? 'begun'}, ${age(waitedMs)}`);
  }
}

const unchanged = `its old key is current still; see ${RUNBOOK}`;
