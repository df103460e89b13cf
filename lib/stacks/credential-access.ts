import type { Construct } from 'constructs';
import { EnvironmentKey } from '../contract/environment-keys';
import type { StandardFunction } from '../functions/standard-function';
import { FederatedCredential } from '../secrets/federated-credential';
import { RotatingSecret } from '../secrets/rotating-secret';
import type { DataStack } from './data-stack';

/** Gives functions the upstream credential of the data stack, and the right to it. */
export class CredentialAccess {
  private readonly federated?: FederatedCredential;

  constructor(
    scope: Construct,
    private readonly data: DataStack,
  ) {
    const { _provider: provider } = data.upstreamCredential;
    this.federated = provider && new FederatedCredential(scope, 'UpstreamCredential', { provider });
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
