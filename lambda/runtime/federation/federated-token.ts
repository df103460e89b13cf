import type { Clock, Random } from '../clock/clock';
import type { Credential, CredentialState, IUpstreamCredential } from '../secrets/credential';
import { GrowingPause, JITTER } from '../secrets/growing-pause';
import type { ITokenEndpoint } from './token-endpoint';

export interface FederatedTokenOptions {
  /** Gives a token that attests the process's identity, for the endpoint's audience. */
  readonly identity: () => Promise<string>;
  readonly endpoint: ITokenEndpoint;
  readonly now: Clock;
  readonly random: Random;
  /** Told when no new token could be had and the held one is used on. */
  readonly onStale?: (error: unknown) => void;
  /** Told when a token is exchanged ahead of its time, because it was refused. */
  readonly onRenewal?: () => void;
}

/** Milliseconds before its end from which on a token is replaced in the background; half its life, where that is less. */
export const ADVISORY_MS = 120_000;

/** Milliseconds before its end from which on a call waits for the next token; a quarter of its life, where that is less. */
export const MANDATORY_MS = 30_000;

const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;

/** Times in milliseconds since the epoch, by this process's clock alone. */
interface HeldToken {
  readonly value: string;
  readonly obtainedAt: number;
  readonly renewAt: number;
  readonly mustRenewAt: number;
  readonly expiresAt: number;
}

/**
 * A provider's short-lived token for the identity of this process: exchanged anew before it ends, by one exchange at a
 * time, and used to its end while no new one can be had.
 */
export class FederatedToken implements IUpstreamCredential {
  readonly #options: FederatedTokenOptions;
  readonly #afterFailure: GrowingPause;
  readonly #afterRenewal: GrowingPause;
  #token: HeldToken | undefined;
  #failure: unknown;
  #exchanging: Promise<HeldToken> | undefined;
  #renewing: Promise<HeldToken> | undefined;

  constructor(options: FederatedTokenOptions) {
    const { now, random } = options;
    const pause = { firstMs: FIRST_PAUSE_MS, maxMs: MAX_PAUSE_MS, now, random };
    this.#options = options;
    this.#afterFailure = new GrowingPause(pause);
    this.#afterRenewal = new GrowingPause(pause);
  }

  /** @throws FederationError where no token is held that is still good, and none can be had. */
  async get(): Promise<Credential> {
    const held = this.#held();
    if (!held) return this.#credentialOf(await this.#obtain());
    const now = this.#options.now();
    const mustRenew = now >= held.mustRenewAt || now < held.obtainedAt;
    if ((mustRenew || now >= held.renewAt) && this.#afterFailure.isOver) {
      const next = this.#exchange();
      if (mustRenew) return this.#credentialOf(await this.#orHeld(next));
      next.catch(() => undefined);
    }
    return this.#credentialOf(held);
  }

  /**
   * What to use after `rejected` was refused: exchanged anew, unless somebody has done so already or has done so in
   * vain just now.
   * @throws FederationError as `get` does.
   */
  async renew({ value }: Credential): Promise<Credential> {
    const held = this.#held();
    if (held && (held.value !== value || !this.#afterRenewal.isOver)) return this.#credentialOf(held);
    this.#renewing ??= this.#renewAhead(value).finally(() => {
      this.#renewing = undefined;
    });
    return this.#credentialOf(await this.#renewing);
  }

  state(): CredentialState {
    return { obtainedAt: this.#held()?.obtainedAt, isStale: this.#failure !== undefined };
  }

  async #renewAhead(rejected: string): Promise<HeldToken> {
    await this.#exchanging?.catch(() => undefined);
    const held = this.#held();
    if (held && held.value !== rejected) return held;
    this.#options.onRenewal?.();
    // Unlike a secret, each token is another one, also where all of them are refused.
    this.#afterRenewal.begin();
    return this.#orHeld(this.#exchange());
  }

  /** A token where none is held. */
  async #obtain(): Promise<HeldToken> {
    const joined = this.#exchanging;
    await joined?.catch(() => undefined);
    const held = this.#held();
    if (held) return held;
    // One that was joined may have been frozen together with the process, and says nothing of now.
    if (!joined && !this.#afterFailure.isOver) throw this.#failure;
    return this.#exchange();
  }

  async #orHeld(next: Promise<HeldToken>): Promise<HeldToken> {
    try {
      return await next;
    } catch (error) {
      const held = this.#held();
      if (held) return held;
      throw error;
    }
  }

  #exchange(): Promise<HeldToken> {
    this.#exchanging ??= this.#exchangeOnce().finally(() => {
      this.#exchanging = undefined;
    });
    return this.#exchanging;
  }

  async #exchangeOnce(): Promise<HeldToken> {
    const { identity, endpoint, now, onStale } = this.#options;
    // The life of a token is counted from before it was asked for: nobody else's clock matters.
    const startedAt = now();
    try {
      const { value, lifetimeMs } = await endpoint.exchange(await identity());
      this.#failure = undefined;
      this.#afterFailure.reset();
      this.#token = this.#timed(value, startedAt, lifetimeMs);
      return this.#token;
    } catch (error) {
      this.#failure = error;
      this.#afterFailure.begin();
      if (this.#held()) onStale?.(error);
      throw error;
    }
  }

  #timed(value: string, obtainedAt: number, lifetimeMs: number): HeldToken {
    const expiresAt = obtainedAt + lifetimeMs;
    const advisoryMs = ADVISORY_MS * (1 + JITTER * this.#options.random());
    return {
      value,
      obtainedAt,
      renewAt: expiresAt - Math.min(advisoryMs, lifetimeMs / 2),
      mustRenewAt: expiresAt - Math.min(MANDATORY_MS, lifetimeMs / 4),
      expiresAt,
    };
  }

  /** The token, where it is still good. */
  #held(): HeldToken | undefined {
    return this.#token && this.#options.now() < this.#token.expiresAt ? this.#token : undefined;
  }

  #credentialOf({ value }: HeldToken): Credential {
    const { betas } = this.#options.endpoint;
    return { kind: 'bearer', value, ...(betas.length > 0 && { betas }) };
  }
}
