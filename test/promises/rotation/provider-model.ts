import { CredentialRejectedError } from '../../../lambda/runtime/rotation/errors';
import type { KeyPoolTools, PoolKey, PoolKeyStatusValue } from '../../../lambda/runtime/rotation/strategies/key-pool';
import { PoolKeyStatus } from '../../../lambda/runtime/rotation/strategies/key-pool';
import type { CallOptions, Completion, IUpstream } from '../../../lambda/upstream/upstream';
import type { MortalProcess } from '../crash/mortal-process';
import { failBy } from '../fleet/upstream-answers';
import type { VirtualTime } from '../fleet/virtual-time';

/** A call that was refused, or cut off, as its key was inactive then. */
export interface RefusedCall {
  readonly atMs: number;
  /** The process that made it. */
  readonly caller: number;
  readonly apiKey: string;
  /** How often the key had been ended by then: it takes its turn again and again. */
  readonly endings: number;
  /** Whether the key was ended while the call was under way. */
  readonly wasUnderWay: boolean;
}

interface RunningCall {
  readonly apiKey: string;
  readonly caller: number;
  readonly end: (refused: boolean) => void;
}

const COMPLETION: Completion = {
  text: 'ok',
  stopReason: 'end_turn',
  model: 'model',
  usage: { inputTokens: 1, outputTokens: 1, cacheWriteTokens: 0, cacheReadTokens: 0 },
};

/** Milliseconds from a call's begin to the upstream's look at its key. */
const ARRIVES_AFTER_MS = 20;

/**
 * A provider with a pool of keys. Harsher than any real one: it ends the calls that are under way with a key when the
 * key is made inactive, so that a call may not even outlive its key.
 */
export class ProviderModel {
  readonly pool: readonly PoolKey[];
  readonly refused: RefusedCall[] = [];
  calls = 0;
  readonly #statuses: Map<string, string>;
  readonly #endings = new Map<string, number>();
  readonly #running = new Set<RunningCall>();

  constructor(
    readonly time: VirtualTime,
    keys: number,
  ) {
    this.pool = Array.from({ length: keys }, (_, index) => ({ keyId: `apikey_${index}`, apiKey: `key-${index}` }));
    this.#statuses = new Map(
      this.pool.map(({ keyId }, index) => [keyId, index === 0 ? PoolKeyStatus.ACTIVE : PoolKeyStatus.INACTIVE]),
    );
  }

  /** Keys that are accepted now. */
  get working(): readonly PoolKey[] {
    return this.pool.filter(({ keyId }) => this.#statuses.get(keyId) === PoolKeyStatus.ACTIVE);
  }

  /** What a strategy needs of the provider, in one process. */
  toolsFor({ perform }: MortalProcess): KeyPoolTools {
    return {
      sleep: this.time.sleep,
      readPool: () => perform('readPool', () => ({ keys: this.pool, version: 'pool' })),
      verifyKey: (apiKey) =>
        perform('verify', () => {
          if (!this.#accepts(apiKey)) throw new CredentialRejectedError();
        }),
      admin: {
        statuses: () => perform('statuses', () => new Map(this.#statuses)),
        setStatus: (id, status) => perform('setStatus', () => this.#setStatus(id, status)),
      },
    };
  }

  /** The upstream as one process calls it. */
  upstreamFor(caller: number, callMs: () => number): IUpstream {
    return { complete: (_submission, options) => this.#complete(caller, callMs(), options) };
  }

  async #complete(caller: number, callMs: number, { credential, timeoutMs }: CallOptions): Promise<Completion> {
    this.calls += 1;
    await this.time.sleep(ARRIVES_AFTER_MS);
    const apiKey = credential.value;
    if (!this.#accepts(apiKey)) return this.#refuse({ caller, apiKey, wasUnderWay: false });
    const wasRefused = await new Promise<boolean>((resolve) => {
      const call: RunningCall = { apiKey, caller, end: (refused) => this.#running.delete(call) && resolve(refused) };
      this.#running.add(call);
      this.time.after(Math.min(callMs, timeoutMs) - ARRIVES_AFTER_MS, () => call.end(false));
    });
    return wasRefused ? this.#refuse({ caller, apiKey, wasUnderWay: true }) : COMPLETION;
  }

  #refuse(call: Omit<RefusedCall, 'atMs' | 'endings'>): Promise<Completion> {
    const endings = this.#endings.get(call.apiKey) ?? 0;
    this.refused.push({ ...call, endings, atMs: this.time.elapsedMs });
    return failBy('locks-out', this.time.now());
  }

  #accepts(apiKey: string): boolean {
    return this.working.some((key) => key.apiKey === apiKey);
  }

  #setStatus(id: string, status: PoolKeyStatusValue): void {
    const wasActive = this.#statuses.get(id) === PoolKeyStatus.ACTIVE;
    this.#statuses.set(id, status);
    if (!wasActive || status === PoolKeyStatus.ACTIVE) return;
    const apiKey = this.pool.find(({ keyId }) => keyId === id)?.apiKey ?? '';
    this.#endings.set(apiKey, (this.#endings.get(apiKey) ?? 0) + 1);
    for (const call of [...this.#running]) if (call.apiKey === apiKey) call.end(true);
  }
}
