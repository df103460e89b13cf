import { randomBytes } from 'node:crypto';
import {
  APIGatewayClient,
  CreateApiKeyCommand,
  CreateUsagePlanKeyCommand,
  DeleteApiKeyCommand,
  GetApiKeysCommand,
} from '@aws-sdk/client-api-gateway';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { CLIENT_ID_PATTERN, hashClientKey, makeClientKey } from '../lib/contract/client-keys';
import { ClientStatus, ClientsTable } from '../lib/contract/tables';
import type { AwsAccess, Deployment } from './deployment';
import { CommandFailure } from './failure';

const CLIENT_ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A client that was just made; its key is nowhere else. */
export interface CreatedClient {
  readonly clientId: string;
  readonly name: string;
  readonly key: string;
}

/**
 * Makes a client: its key in the usage plan first, its row last, so that a crash in between leaves a usage key that
 * nobody can present, and never a client without a quota.
 */
export async function createClient(deployment: Deployment, access: AwsAccess, name: string): Promise<CreatedClient> {
  const clientId = drawClientId();
  const key = makeClientKey(deployment.environment, clientId, randomBytes(32));
  const usageIdentifierKey = randomBytes(24).toString('hex');
  const gateway = new APIGatewayClient({ ...access });
  const apiKey = await gateway.send(
    new CreateApiKeyCommand({ name: usageKeyName(deployment, clientId), value: usageIdentifierKey, enabled: true }),
  );
  try {
    await gateway.send(
      new CreateUsagePlanKeyCommand({ usagePlanId: deployment.usagePlanId, keyId: apiKey.id, keyType: 'API_KEY' }),
    );
    const createdAt = new Date().toISOString();
    await tablesOf(access).send(
      new PutCommand({
        TableName: deployment.clientsTable,
        Item: {
          [ClientsTable.PARTITION_KEY]: clientId,
          name,
          status: ClientStatus.ACTIVE,
          usageIdentifierKey,
          keys: [{ hash: hashClientKey(key), createdAt }],
          createdAt,
        },
        ConditionExpression: 'attribute_not_exists(#id)',
        ExpressionAttributeNames: { '#id': ClientsTable.PARTITION_KEY },
      }),
    );
  } catch (error) {
    await gateway.send(new DeleteApiKeyCommand({ apiKey: apiKey.id })).catch(() => undefined);
    throw error;
  }
  return { clientId, name, key };
}

/**
 * Revokes a client: every request with its keys is refused with 403 once the authorizer's cache has run out.
 * To revoke it again changes nothing.
 * @throws CommandFailure when there is no such client.
 */
export async function revokeClient(deployment: Deployment, access: AwsAccess, clientId: string): Promise<void> {
  try {
    await tablesOf(access).send(
      new UpdateCommand({
        TableName: deployment.clientsTable,
        Key: { [ClientsTable.PARTITION_KEY]: clientId },
        UpdateExpression: 'SET #status = :revoked, revokedAt = if_not_exists(revokedAt, :now)',
        ConditionExpression: 'attribute_exists(#id)',
        ExpressionAttributeNames: { '#status': 'status', '#id': ClientsTable.PARTITION_KEY },
        ExpressionAttributeValues: { ':revoked': ClientStatus.REVOKED, ':now': new Date().toISOString() },
      }),
    );
  } catch (error) {
    if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
    throw new CommandFailure(`there is no client ${clientId} in ${deployment.environment}`);
  }
  await deleteUsageKeys(deployment, access, clientId);
}

/** Frees the client's usage keys, of which an account has 10 000 at most. The row goes first: it is what refuses. */
async function deleteUsageKeys(deployment: Deployment, access: AwsAccess, clientId: string): Promise<void> {
  const gateway = new APIGatewayClient({ ...access });
  const nameQuery = usageKeyName(deployment, clientId);
  const { items } = await gateway.send(new GetApiKeysCommand({ nameQuery, limit: 500 }));
  for (const { id, name } of items ?? []) {
    if (name === nameQuery) await gateway.send(new DeleteApiKeyCommand({ apiKey: id }));
  }
}

const usageKeyName = (deployment: Deployment, clientId: string): string =>
  `bulwark-${deployment.environment}-${clientId}`;

const tablesOf = (access: AwsAccess): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(new DynamoDBClient({ ...access }));

/** Sixteen letters and digits; bytes that would make some of them likelier than others are drawn again. */
export function drawClientId(random: (size: number) => Uint8Array = randomBytes): string {
  const fairBelow = 256 - (256 % CLIENT_ID_ALPHABET.length);
  let id = '';
  while (id.length < 16) {
    for (const byte of random(16)) {
      if (byte < fairBelow && id.length < 16) id += CLIENT_ID_ALPHABET[byte % CLIENT_ID_ALPHABET.length];
    }
  }
  if (!CLIENT_ID_PATTERN.test(id)) throw new Error(`drew a client id of the wrong shape: ${id}`);
  return id;
}
