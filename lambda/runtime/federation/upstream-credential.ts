import { SecretsManagerClient, type SecretsManagerClientConfig } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import type { FederationSettings } from '../../../lib/contract/federation';
import { MetricName } from '../../../lib/contract/metrics';
import { DEFAULT_SECRET_CACHE_MS } from '../../../lib/contract/rotation';
import { systemClock } from '../clock/clock';
import { EnvironmentError } from '../environment/errors';
import { integer, optionalText } from '../environment/read-environment';
import type { Count, Log } from '../observability/observability';
import { ApiKeyCredential } from '../secrets/api-key-credential';
import type { IUpstreamCredential } from '../secrets/credential';
import { SecretCache } from '../secrets/secret-cache';
import { upstreamKeySource } from '../secrets/secrets-manager-source';
import { FederatedToken } from './federated-token';
import { federationSettings } from './federation-field';
import { stsIdentity } from './sts-identity';
import { TokenEndpoint } from './token-endpoint';

const DAY_MS = 86_400_000;
const YEAR_MS = 366 * DAY_MS;

/** The variables that say where the upstream credential is had, for `readEnvironment`. */
export const credentialFields = {
  upstreamSecret: optionalText(EnvironmentKey.UPSTREAM_SECRET),
  federation: federationSettings(EnvironmentKey.FEDERATION),
  secretCacheMs: integer(EnvironmentKey.SECRET_CACHE_MS, {
    min: 1_000,
    max: DAY_MS,
    fallback: DEFAULT_SECRET_CACHE_MS,
  }),
  secretMaxStaleMs: integer(EnvironmentKey.SECRET_MAX_STALE_MS, {
    min: 0,
    max: YEAR_MS,
    fallback: Number.POSITIVE_INFINITY,
  }),
};

export interface CredentialSource {
  /** ARN or name of the secret. @default - there is none: it is federated */
  readonly upstreamSecret?: string;
  /** Stands in place of the secret. @default - the credential is a secret */
  readonly federation?: FederationSettings;
  /** Milliseconds that a read secret is used. */
  readonly secretCacheMs: number;
  /** Milliseconds beyond that for which it is used while it cannot be read anew. */
  readonly secretMaxStaleMs: number;
}

export interface CredentialTools {
  /** Options of the clients of AWS. */
  readonly clientOptions: Pick<SecretsManagerClientConfig, 'maxAttempts' | 'retryMode' | 'requestHandler'>;
  readonly count: Count;
  readonly log: Pick<Log, 'warn'>;
}

/**
 * The upstream credential of this process: federated, or read from its secret.
 * @throws EnvironmentError where the environment names neither.
 */
export const upstreamCredential = (source: CredentialSource, tools: CredentialTools): IUpstreamCredential => {
  const { upstreamSecret, federation } = source;
  if (federation) return federatedCredential(federation, tools);
  if (upstreamSecret) return secretCredential(upstreamSecret, source, tools);
  throw new EnvironmentError([`\`${EnvironmentKey.UPSTREAM_SECRET}\` or \`${EnvironmentKey.FEDERATION}\` must be set`]);
};

const observers = ({ count, log }: CredentialTools) => ({
  now: systemClock,
  random: Math.random,
  onStale: (error: unknown) => {
    count(MetricName.SECRET_STALE);
    log.warn('The upstream credential could not be had anew; the one before is used.', error as Error);
  },
  onRenewal: () => count(MetricName.CREDENTIAL_RENEWALS),
});

const federatedCredential = ({ identity, endpoint }: FederationSettings, tools: CredentialTools): FederatedToken =>
  new FederatedToken({
    identity: stsIdentity(new STSClient(tools.clientOptions), identity),
    endpoint: new TokenEndpoint(endpoint),
    ...observers(tools),
  });

const secretCredential = (
  secretId: string,
  { secretCacheMs: ttlMs, secretMaxStaleMs: maxStaleMs }: CredentialSource,
  tools: CredentialTools,
): ApiKeyCredential => {
  let madeAt: number | undefined;
  const client = new SecretsManagerClient(tools.clientOptions);
  const load = upstreamKeySource(client, secretId, (createdAt) => {
    madeAt = createdAt;
  });
  return new ApiKeyCredential(new SecretCache({ load, ttlMs, maxStaleMs, ...observers(tools) }), () => madeAt);
};
