/** What proves to the upstream who calls. */
export type Credential =
  | { readonly kind: 'api-key'; readonly value: string }
  | {
      readonly kind: 'bearer';
      readonly value: string;
      /** Features of the provider's API that a call with such a token must name. @default - none */
      readonly betas?: readonly string[];
    };

/** How the process stands with its credential; holds no part of it. */
export interface CredentialState {
  /** When the value in use was had, in milliseconds since the epoch. @default - there is none */
  readonly obtainedAt?: number;
  /** When its keeper made it, in milliseconds since the epoch. @default - the keeper does not say */
  readonly madeAt?: number;
  /** Whether the newest try to get another has failed, so that an older one is used. */
  readonly isStale: boolean;
}

/** The upstream credential of a process. */
export interface IUpstreamCredential {
  /** @throws CredentialUnavailableError where there is none that can be used. */
  get(): Promise<Credential>;
  /**
   * What to use after `rejected` was refused: the same value where there is no other.
   * @throws CredentialUnavailableError as `get` does.
   */
  renew(rejected: Credential): Promise<Credential>;
  state(): CredentialState;
}
