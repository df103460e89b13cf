import type { Random } from '../../../lambda/runtime/clock/clock';
import { between } from '../fleet/seeded-random';
import type { VirtualTime } from '../fleet/virtual-time';

/** What becomes of a process at one of its steps. */
export type Fate =
  | { readonly kind: 'lives' }
  /** It dies: before the step has its effect, or after that and before the answer. */
  | { readonly kind: 'dies'; readonly when: 'before' | 'after' }
  /** AWS fails the step: before it has its effect, or after that, in place of the answer. */
  | { readonly kind: 'fails'; readonly when: 'before' | 'after' }
  /** It stands still, as a frozen sandbox does, and then goes on as if nothing had been. */
  | { readonly kind: 'freezes'; readonly ms: number };

/** Decides at each step; `name` is the step's, such as `UpdateItem`. */
export type DecideFate = (name: string, process: MortalProcess) => Fate;

/** Milliseconds of each half of a step's way to the outside world and back. */
const LATENCY_MS = [1, 10] as const;

/** A new one each time: one for all would keep everything that ever waited for it. */
const never = (): Promise<never> => new Promise(() => undefined);

/** The step at which the upstream is called; every other one is taken at a service of AWS. */
export const UPSTREAM_STEP = 'complete';

/** What the SDK throws when its own retries are used up: a throttle has no effect, a server's error may have. */
const awsError = (when: 'before' | 'after', random: Random): Error => {
  const [name, httpStatusCode] =
    when === 'before' && random() < 0.5 ? ['ThrottlingException', 400] : ['InternalServerError', 500];
  return Object.assign(new Error('AWS failed the call.'), { name, $fault: 'server', $metadata: { httpStatusCode } });
};

/** A process that can die at every step it takes in the outside world: from then on nothing answers it any more. */
export class MortalProcess {
  isDead = false;
  /** Whether it stood still for longer than a lease. */
  wasFrozen = false;
  readonly died: Promise<void>;
  #die: () => void = () => undefined;

  constructor(
    /** What it is there for: `submit`, `relay`, `process` or `sweep`. */
    readonly role: string,
    readonly time: VirtualTime,
    readonly random: Random,
    readonly decide: DecideFate,
  ) {
    this.died = new Promise((resolve) => {
      this.#die = resolve;
    });
  }

  /** Takes one step. */
  readonly perform = async <T>(name: string, work: () => T | Promise<T>): Promise<T> => {
    if (this.isDead) return never();
    const fate = this.decide(name, this);
    if (fate.kind === 'freezes') {
      this.wasFrozen = true;
      await this.time.sleep(fate.ms);
    }
    if (fate.kind === 'dies' && fate.when === 'before') return this.#end();
    await this.time.sleep(between(this.random, ...LATENCY_MS));
    const isRefused = fate.kind === 'fails' && fate.when === 'before';
    const answer = isRefused ? { error: awsError('before', this.random) } : await settled(work);
    if (this.isDead || fate.kind === 'dies') return this.#end();
    await this.time.sleep(between(this.random, ...LATENCY_MS));
    if ('error' in answer) throw answer.error;
    if (fate.kind === 'fails') throw awsError('after', this.random);
    return answer.value;
  };

  #end(): Promise<never> {
    this.isDead = true;
    this.#die();
    return never();
  }
}

const settled = async <T>(work: () => T | Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> => {
  try {
    return { value: await work() };
  } catch (error) {
    return { error };
  }
};
