import { CfnOutput } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { EnvironmentKey } from '../contract/environment-keys';
import { DEVELOPER_FEDERATION_OUTPUT } from '../contract/outputs';
import type { StandardFunction } from '../functions/standard-function';
import { FederatedCredential } from '../secrets/federated-credential';
import type { FederatedProvider } from '../secrets/federated-provider';
import { RotatingSecret } from '../secrets/rotating-secret';
import type { DataStack } from './data-stack';

/** Gives functions the upstream credential of the data stack and the right to it, and tells people how to get a token. */
export class CredentialAccess {
  private readonly federated?: FederatedCredential;

  constructor(
    scope: Construct,
    private readonly data: DataStack,
    developers?: FederatedProvider,
  ) {
    const { _provider: provider } = data.upstreamCredential;
    this.federated = provider && new FederatedCredential(scope, 'UpstreamCredential', { provider });
    const forDevelopers =
      developers === undefined
        ? this.federated
        : new FederatedCredential(scope, 'DeveloperCredential', { provider: developers });
    const settings = forDevelopers?.environment[EnvironmentKey.FEDERATION];
    if (settings) new CfnOutput(scope, DEVELOPER_FEDERATION_OUTPUT, { value: settings });
  }

  /** Gives a function what it needs to call the upstream. */
  public connect(user: StandardFunction): void {
    this.federated?.connect(user);
    const { upstreamSecret } = this.data;
    if (!upstreamSecret) return;
    user.addEnvironment(EnvironmentKey.UPSTREAM_SECRET, upstreamSecret.secret.secretArn);
    if (upstreamSecret instanceof RotatingSecret) {
      const { cacheTime, maxStaleTime } = upstreamSecret;
      user.addEnvironment(EnvironmentKey.SECRET_CACHE_MS, String(cacheTime.toMilliseconds()));
      user.addEnvironment(EnvironmentKey.SECRET_MAX_STALE_MS, String(maxStaleTime.toMilliseconds()));
    }
    upstreamSecret.grantRead(user);
  }
}
