import { type Clock, type Random, type Sleep, sleep, systemClock } from '../clock/clock';
import type { IRateLimitStore } from './rate-limit-store';

/** Clock, randomness and waiting of a limiter; the process's own unless a test gives others. */
export interface RateLimiterTools {
  readonly now: Clock;
  readonly random: Random;
  readonly sleep: Sleep;
  /** A name that no other request has; at least 12 random bytes, as one that is met twice counts once. */
  readonly newToken: () => string;
}

export interface RateLimiterOptions extends Partial<RateLimiterTools> {
  readonly store: IRateLimitStore;
  /** Milliseconds by which two clocks of the fleet may differ. @default 300000 */
  readonly maxSkewMs?: number;
  /** Milliseconds for which a row that refuses is believed without looking again. @default 1000 */
  readonly refuseForMs?: number;
  /** Clients whose newest row a process remembers. @default 1000 */
  readonly maxRemembered?: number;
}

const randomToken = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString('base64url');

const NUMBERS = ['maxSkewMs', 'refuseForMs', 'maxRemembered'] as const;

/** @throws RangeError where a number is negative or none. */
export const resolveOptions = (options: RateLimiterOptions): Required<RateLimiterOptions> => {
  const resolved = {
    store: options.store,
    now: options.now ?? systemClock,
    random: options.random ?? Math.random,
    sleep: options.sleep ?? sleep,
    newToken: options.newToken ?? randomToken,
    maxSkewMs: options.maxSkewMs ?? 300_000,
    refuseForMs: options.refuseForMs ?? 1_000,
    maxRemembered: options.maxRemembered ?? 1_000,
  };
  for (const name of NUMBERS) {
    if (!(resolved[name] >= 0)) throw new RangeError(`\`${name}\` must be >= 0, got: ${resolved[name]}`);
  }
  return resolved;
};
