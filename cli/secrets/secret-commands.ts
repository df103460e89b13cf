import { randomUUID } from 'node:crypto';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SecretStage } from '../../lib/contract/rotation';
import { age } from '../age';
import { reasonOf, spanOf } from '../arguments';
import { audited, UNSTATED_REASON } from '../audit';
import { type Command, type Invocation, type Operator, operatorOf, readTarget, report } from '../command';
import { CommandRefusal, CommandUsageError } from '../failure';
import { Progress } from '../progress';
import { execCommand } from './exec-command';
import {
  checkSecretName,
  type ManagedSecret,
  managedSecrets,
  type RotatedSecret,
  rotatedSecretOf,
  SECRET_NAMES,
  type SecretName,
  secretOf,
} from './managed-secret';
import { type LeakedKey, type Revoked, revoke } from './revocation';
import { type Rotated, rotate } from './rotation';
import { KEY_ID, secretValueFrom } from './secret-input';
import { readState, versionAt } from './secret-state';
import { type SecretStatus, statusOf } from './secret-status';

async function status(invocation: Invocation): Promise<void> {
  readTarget(invocation.args);
  const operator = await operatorOf(invocation);
  const all = await Promise.all(managedSecrets(operator.deployment).map((secret) => statusOf(operator, secret)));
  const lines = all.length > 0 ? all.flatMap(linesOf) : ['none is stored: the service shows the upstream who it is'];
  report(invocation, all, lines);
}

function linesOf(secret: SecretStatus): string[] {
  const { name, strategy, ageMs, isRotating, healthyPoolKeys, versions } = secret;
  const facts = [
    strategy,
    `${ageMs === undefined ? 'of unknown age' : `${age(ageMs)} old`}`,
    ...(strategy === 'static' ? [] : [`next rotation ${secret.nextRotation ?? 'not known'}`]),
    ...(healthyPoolKeys === undefined ? [] : [`${healthyPoolKeys} healthy keys in the pool`]),
    ...(isRotating ? ['a rotation is in progress'] : []),
  ];
  return [
    `${name.padEnd(10)}${facts.join('; ')}`,
    ...versions.map(({ id, stages, created }) => `${' '.repeat(10)}${stages.join(', ')}  ${id}  ${created ?? '-'}`),
  ];
}

async function rotateSecrets(invocation: Invocation): Promise<void> {
  const { args, output, now } = invocation;
  readTarget(args);
  const name = args.secret === undefined ? undefined : checkSecretName(args.secret);
  const olderThan = args['all-older-than'];
  const leastAgeMs = olderThan === undefined ? 0 : spanOf(olderThan, '--all-older-than');
  // It ends nothing, and a schedule has no reason.
  const reason = reasonOf({ ...args, reason: args.reason ?? UNSTATED_REASON });
  const operator = await operatorOf(invocation);
  const due = await olderSecrets(operator, rotatable(operator, name), leastAgeMs);
  const done: Rotated[] = [];
  for (const secret of due) {
    const act = { what: 'secrets.rotate', on: secret.name, reason: args.force ? `${reason} (forced)` : reason };
    const progress = new Progress(output, now);
    done.push(
      await audited(operator, act, async () => {
        const value = await rotate(operator, secret, progress, args.force);
        return { value, result: `rotated to ${value.version}` };
      }),
    );
  }
  report(invocation, done, done.length > 0 ? done.map(rotatedLine) : [`No secret is older than ${olderThan}.`]);
}

/** Every secret that rotates, or the one that was named. */
function rotatable({ deployment }: Operator, name: SecretName | undefined): RotatedSecret[] {
  if (name) return [rotatedSecretOf(deployment, name)];
  const rotated = managedSecrets(deployment).filter((secret): secret is RotatedSecret => secret.rotation !== undefined);
  return rotated.length > 0 ? rotated : [rotatedSecretOf(deployment, 'upstream')];
}

async function olderSecrets(operator: Operator, secrets: readonly RotatedSecret[], leastAgeMs: number) {
  if (leastAgeMs === 0) return secrets;
  const client = new SecretsManagerClient({ ...operator.access });
  const states = await Promise.all(secrets.map(({ id }) => readState(client, id)));
  // A version whose age is not known may be as old as any.
  const ages = states.map((state) => operator.now() - (versionAt(state, SecretStage.CURRENT)?.createdMs ?? 0));
  return secrets.filter((_, index) => (ages[index] ?? 0) > leastAgeMs);
}

const rotatedLine = ({ secret, version, ms }: Rotated): string =>
  `Rotated ${secret} in ${age(ms)}: version ${version} is current. The old key works until the sweeper retires it.`;

async function revokeNow(invocation: Invocation): Promise<void> {
  const { args, output, now } = invocation;
  readTarget(args);
  if (!args.now) throw new CommandUsageError('`--now` is needed: a key that may wait is retired by its rotation');
  const name = args.secret === undefined ? 'upstream' : checkSecretName(args.secret);
  const leaked = leakedKeyOf(args.key);
  const reason = reasonOf(args);
  const operator = await operatorOf(invocation);
  const secret = rotatedSecretOf(operator.deployment, name);
  await confirm(secret, leaked, invocation);
  const act = { what: 'secrets.revoke', on: `${name} (${typeof leaked === 'object' ? leaked.keyId : leaked})`, reason };
  const revoked = await audited(operator, act, async () => {
    const value = await revoke(operator, secret, leaked, new Progress(output, now));
    return { value, result: `ended at the provider: ${value.retired}` };
  });
  report(invocation, revoked, revokedLines(revoked));
}

function leakedKeyOf(value: string | undefined): LeakedKey {
  if (value === undefined || value === 'current') return 'current';
  if (value === 'previous') return value;
  if (KEY_ID.test(value)) return { keyId: value };
  throw new CommandUsageError(`\`--key\` must be current, previous or the provider's id of a key, got: ${value}`);
}

function consequenceOf(leaked: LeakedKey): string {
  if (leaked === 'current') return 'This makes another key current and ends the one that is current now';
  return leaked === 'previous'
    ? 'This ends the key that was current before the one that is now'
    : `This ends the key ${leaked.keyId}`;
}

/** @throws CommandRefusal unless the person names the secret, or has said `--yes` */
async function confirm({ name }: ManagedSecret, leaked: LeakedKey, { args, output }: Invocation): Promise<void> {
  if (args.yes) return;
  if (!output.ask) throw new CommandRefusal(`to revoke a key of ${name} where nobody can be asked, say --yes`);
  const answer = await output.ask(
    `${consequenceOf(leaked)}, at the provider, for good and within this minute. Type the secret's name (${name}) to go on: `,
  );
  if (answer.trim() !== name) throw new CommandRefusal('that is not the name of the secret: nothing was revoked');
}

function revokedLines({ secret, rotated }: Revoked): string[] {
  return [
    ...(rotated ? [`Rotated ${secret}: version ${rotated.version} is current.`] : []),
    `The leaked key of ${secret} is ended at the provider, for good.`,
    'Requests in flight: a call that the provider has accepted ends as ever. A process that still holds the old key meets one 401, reads the secret anew and repeats the call; no job fails by it.',
  ];
}

const put =
  (name: SecretName): Command['run'] =>
  async (invocation) => {
    readTarget(invocation.args);
    const reason = reasonOf(invocation.args);
    const value = secretValueFrom(name, await invocation.readSecret(name === 'pool'));
    const operator = await operatorOf(invocation);
    const { id } = secretOf(operator.deployment, name);
    const version = await audited(operator, { what: 'secrets.put', on: name, reason }, async () => {
      const ClientRequestToken = randomUUID();
      await new SecretsManagerClient({ ...operator.access }).send(
        new PutSecretValueCommand({ SecretId: id, ClientRequestToken, SecretString: value }),
      );
      return { value: ClientRequestToken, result: `put ${ClientRequestToken}` };
    });
    report(invocation, { secret: name, version }, [`Version ${version} of ${name} is current.`]);
  };

const putCommands = Object.fromEntries(
  SECRET_NAMES.map((name): [string, Command] => [`secrets put ${name}`, { options: ['reason'], run: put(name) }]),
);

export const secretCommands: Readonly<Record<string, Command>> = {
  'secrets status': { options: [], run: status },
  'secrets rotate': { options: ['secret', 'all-older-than', 'reason', 'force'], run: rotateSecrets },
  'secrets revoke': { options: ['now', 'secret', 'key', 'reason', 'yes'], run: revokeNow },
  ...putCommands,
  'secrets exec': execCommand,
};
