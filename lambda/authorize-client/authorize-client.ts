import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { ClientStatus } from '../../lib/contract/tables';
import { matchesAnyHash, parseClientKey } from '../runtime/client-keys/client-key';
import type { Client, IClientStore } from '../runtime/clients/client';
import type { Log } from '../runtime/observability/observability';
import { readHeader } from '../runtime/request-headers/read-header';

export interface AuthorizeDependencies {
  readonly clients: IClientStore;
  readonly log: Log;
}

/** The one message that API Gateway answers with 401 rather than 500. */
const UNAUTHORIZED = 'Unauthorized';

const BEARER = /^Bearer +([^\s]+)$/i;

/** The client whose live key is presented; a key of the wrong form costs no read. */
const findClient = async (authorization: string, clients: IClientStore): Promise<Client | undefined> => {
  const [, key] = BEARER.exec(authorization) ?? [];
  const parsed = key ? parseClientKey(key) : undefined;
  if (!key || !parsed) return undefined;
  const client = await clients.read(parsed.clientId);
  const hashes = client?.keys.map(({ hash }) => hash) ?? [];
  return matchesAnyHash(key, hashes) ? client : undefined;
};

/** Every route of the stage: the answer is cached by key, and must not depend on the route that came first. */
const wholeStageOf = (methodArn: string): string => `${methodArn.split('/').slice(0, 2).join('/')}/*/*`;

/**
 * Says whether the bearer of a client key may call the API: allows an active client, denies a revoked one.
 * @throws Error `Unauthorized`, which API Gateway answers with 401, for an unknown, malformed or wrong key.
 */
export const authorizeClient = async (
  event: APIGatewayRequestAuthorizerEvent,
  { clients, log }: AuthorizeDependencies,
): Promise<APIGatewayAuthorizerResult> => {
  const client = await findClient(readHeader(event, 'authorization') ?? '', clients);
  if (!client) {
    log.info('No client for the presented key.');
    throw new Error(UNAUTHORIZED);
  }
  const { clientId, status, usageIdentifierKey } = client;
  const isActive = status === ClientStatus.ACTIVE;
  if (!isActive) log.info('The client is revoked.', { clientId });
  return {
    principalId: clientId,
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        { Effect: isActive ? 'Allow' : 'Deny', Action: 'execute-api:Invoke', Resource: wholeStageOf(event.methodArn) },
      ],
    },
    context: { clientId },
    usageIdentifierKey,
  };
};
