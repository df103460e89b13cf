import { GetWebIdentityTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import type { FederationSettings } from '../../../lib/contract/federation';
import { IdentityIssuer } from '../../../local/doubles/identity-issuer';
import { startTokenEndpoints } from '../../../local/doubles/token-endpoints';

const NAMES = {
  federationRuleId: 'fdrl_rule',
  organizationId: '00000000-0000-4000-8000-000000000001',
  serviceAccountId: 'svac_account',
};

/** STS behind its client, and Anthropic's token endpoint over HTTP; the environment of a handler says to use both. */
export const startFederation = async () => {
  const issuer = new IdentityIssuer();
  const audience = 'https://api.example.test';
  const endpoints = await startTokenEndpoints({ issuer, audience, ...NAMES, identityProviderId: 'idp_1' });
  const sts = mockClient(STSClient);
  const attest = () =>
    sts
      .on(GetWebIdentityTokenCommand)
      .callsFake(async ({ Audience: [aud] }) => ({ WebIdentityToken: issuer.token({ aud }) }));
  attest();
  const settings: FederationSettings = {
    identity: { audience, lifetimeSeconds: 300, signingAlgorithm: 'ES384' },
    endpoint: { provider: 'anthropic', tokenUrl: endpoints.anthropicUrl, ...NAMES },
  };
  process.env[EnvironmentKey.FEDERATION] = JSON.stringify(settings);
  delete process.env[EnvironmentKey.UPSTREAM_SECRET];
  return { endpoints, sts, attest };
};

export type Federation = Awaited<ReturnType<typeof startFederation>>;
