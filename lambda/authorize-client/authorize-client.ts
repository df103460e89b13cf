import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { DEFAULT_PLAN, type PlansByName, type PlanTerms } from '../../lib/contract/client-plan';
import { type ClientKeyRow, isLiveKey } from '../../lib/contract/client-rows';
import { ClientStatus } from '../../lib/contract/tables';
import { matchesAnyHash, parseClientKey } from '../runtime/client-keys/client-key';
import type { Client, IClientStore } from '../runtime/clients/client';
import type { Clock } from '../runtime/clock/clock';
import type { Log } from '../runtime/observability/observability';
import { readHeader } from '../runtime/request-headers/read-header';

export interface AuthorizeDependencies {
  readonly clients: IClientStore;
  readonly plans: PlansByName;
  readonly now: Clock;
  readonly log: Log;
}

/** The one message that API Gateway answers with 401 rather than 500. */
const UNAUTHORIZED = 'Unauthorized';

const BEARER = /^Bearer +([^\s]+)$/i;

const hashesOf = (keys: readonly ClientKeyRow[]): string[] => keys.map(({ hash }) => hash);

/** The client whose live key is presented; a key of the wrong form costs no read. */
const findClient = async (
  authorization: string,
  { clients, now, log }: AuthorizeDependencies,
): Promise<Client | undefined> => {
  const [, key] = BEARER.exec(authorization) ?? [];
  const parsed = key ? parseClientKey(key) : undefined;
  if (!key || !parsed) return undefined;
  const client = await clients.read(parsed.clientId);
  const nowMs = now();
  const live = client?.keys.filter((stored) => isLiveKey(stored, nowMs)) ?? [];
  if (matchesAnyHash(key, hashesOf(live))) return client;
  if (client && matchesAnyHash(key, hashesOf(client.keys))) {
    log.info('The presented key has expired.', { clientId: client.clientId });
  }
  return undefined;
};

/** The terms of an active client's plan; what no plan is known of may do nothing. */
const termsOf = ({ clientId, status, plan = DEFAULT_PLAN }: Client, { plans, log }: AuthorizeDependencies) => {
  if (status !== ClientStatus.ACTIVE) {
    log.info('The client is revoked.', { clientId });
    return undefined;
  }
  const terms: PlanTerms | undefined = Object.hasOwn(plans, plan) ? plans[plan] : undefined;
  if (!terms) log.error('The client has a plan that there is not.', { clientId, plan });
  return terms;
};

/** Every route of the stage: the answer is cached by key, and must not depend on the route that came first. */
const wholeStageOf = (methodArn: string): string => `${methodArn.split('/').slice(0, 2).join('/')}/*/*`;

/**
 * Says whether the bearer of a client key may call the API: allows an active client, with the terms of its plan; denies
 * a revoked one, and one whose plan there is not.
 * @throws Error `Unauthorized`, which API Gateway answers with 401, for an unknown, malformed, wrong or expired key.
 */
export const authorizeClient = async (
  event: APIGatewayRequestAuthorizerEvent,
  dependencies: AuthorizeDependencies,
): Promise<APIGatewayAuthorizerResult> => {
  const client = await findClient(readHeader(event, 'authorization') ?? '', dependencies);
  if (!client) {
    dependencies.log.info('No client for the presented key.');
    throw new Error(UNAUTHORIZED);
  }
  const { clientId, usageIdentifierKey } = client;
  const terms = termsOf(client, dependencies);
  return {
    principalId: clientId,
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        { Effect: terms ? 'Allow' : 'Deny', Action: 'execute-api:Invoke', Resource: wholeStageOf(event.methodArn) },
      ],
    },
    context: { clientId, ...(terms && { plan: JSON.stringify(terms) }) },
    usageIdentifierKey,
  };
};
