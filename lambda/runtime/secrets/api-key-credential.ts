import type { Credential, CredentialState, IUpstreamCredential } from './credential';
import type { SecretCache } from './secret-cache';

/** An API key that is kept as a secret. */
export class ApiKeyCredential implements IUpstreamCredential {
  readonly #cache: SecretCache;

  /** @param madeAt when the value that was read last was made, in milliseconds since the epoch */
  constructor(
    cache: SecretCache,
    readonly madeAt: () => number | undefined = () => undefined,
  ) {
    this.#cache = cache;
  }

  async get(): Promise<Credential> {
    return { kind: 'api-key', value: await this.#cache.get() };
  }

  async renew({ value }: Credential): Promise<Credential> {
    return { kind: 'api-key', value: await this.#cache.renew(value) };
  }

  state(): CredentialState {
    return { ...this.#cache.state(), madeAt: this.madeAt() };
  }
}
