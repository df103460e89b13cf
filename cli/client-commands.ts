import { CLIENT_ID_PATTERN } from '../lib/contract/client-keys';
import { need } from './arguments';
import { createClient, revokeClient } from './clients';
import { type Command, type Invocation, operatorOf, readTarget, report } from './command';
import { CommandUsageError } from './failure';

async function create(invocation: Invocation): Promise<void> {
  readTarget(invocation.args);
  const name = need(invocation.args.name, '--name');
  if (name.length > 128) throw new CommandUsageError(`\`--name\` must be at most 128 characters, got: ${name.length}`);
  const { deployment, access } = await operatorOf(invocation);
  const client = await createClient(deployment, access, name);
  report(invocation, client, [
    `Client ${client.clientId} (${client.name}) in ${deployment.environment}. Its key, which is shown only this once:`,
    client.key,
  ]);
}

async function revoke(invocation: Invocation): Promise<void> {
  readTarget(invocation.args);
  const clientId = need(invocation.args.client, '--client');
  if (!CLIENT_ID_PATTERN.test(clientId)) {
    throw new CommandUsageError(`\`--client\` must be 16 lower-case letters and digits, got: ${clientId}`);
  }
  const { deployment, access } = await operatorOf(invocation);
  await revokeClient(deployment, access, clientId);
  report(invocation, { clientId, status: 'revoked' }, [
    `Client ${clientId} is revoked: its requests are refused within the authorizer's cache time.`,
  ]);
}

export const clientCommands: Readonly<Record<string, Command>> = {
  'clients create': { options: ['name'], run: create },
  'clients revoke': { options: ['client'], run: revoke },
};
