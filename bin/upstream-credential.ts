import { Duration } from 'aws-cdk-lib';
import { FederatedProvider } from '../lib/secrets/federated-provider';
import { UpstreamCredential } from '../lib/stacks/upstream-credential';
import { type Environment, EnvironmentError, type FederationNames } from './environments';

/**
 * Where an environment has its upstream credential from.
 *
 * @throws EnvironmentError where it is federated and has no names of the federation
 */
export function upstreamCredentialOf(environment: Environment): UpstreamCredential {
  const { upstreamUrl, upstreamAdminUrl, secretCacheSeconds, keyGraceSeconds, federation } = environment;
  switch (environment.upstreamCredential) {
    case 'keyPool':
      return UpstreamCredential.keyPool({
        upstreamUrl,
        adminUrl: upstreamAdminUrl,
        cacheTime: Duration.seconds(secretCacheSeconds),
        gracePeriod: Duration.seconds(keyGraceSeconds),
      });
    case 'static':
      return UpstreamCredential.stored();
    case 'federated':
      if (!federation) throw new EnvironmentError(`environment ${environment.name}: \`federation\` is missing`);
      return UpstreamCredential.federated(providerOf(environment, federation));
  }
}

/** Where people get tokens by their own identity; undefined where they are not told of a federation of their own. */
export function developerFederationOf(environment: Environment): FederatedProvider | undefined {
  const { developerFederation } = environment;
  return developerFederation && providerOf(environment, developerFederation);
}

function providerOf({ upstreamUrl }: Environment, names: FederationNames): FederatedProvider {
  return FederatedProvider.anthropic({ ...names, tokenUrl: `${upstreamUrl}/v1/oauth/token` });
}
