import { ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel';
import CircuitBreaker from 'opossum';
import { fullJitter } from '../../../lambda/runtime/backoff/full-jitter';
import type { Submission } from '../../../lambda/runtime/jobs/submission';
import type { Sandbox } from './consumer-model';
import type { QueuedMessage } from './queue-model';
import { POISON } from './upstream-model';
import { type Fleet, type FleetJob, type MakeFleet, PEER_OPEN_MS, type World } from './world';

/** Delay before a message is received again, by how often it was: as the processor's own. */
const RETURN_BACKOFF = { baseMs: 1_000, capMs: 15 * 60_000 };
const CALL_TIMEOUT_MS = 55_000;

type Guard = (call: () => Promise<unknown>) => Promise<unknown>;

const submissionOf = (isPoison: boolean): Submission => ({
  model: 'model',
  max_tokens: 16,
  messages: [{ role: 'user', content: isPoison ? POISON : 'ok' }],
});

/** A fleet as the peers are used: their breaker in each process, and the queue's own retries around it. */
class PeerFleet implements Fleet {
  readonly #ended = new Set<string>();
  readonly #submissions = new Map<string, Submission>();

  constructor(
    readonly world: World,
    readonly makeGuard: () => Guard,
  ) {}

  accept({ id, isPoison }: FleetJob): void {
    this.#submissions.set(id, submissionOf(isPoison));
    this.world.queue.send(id);
  }

  hasEnded(id: string): boolean {
    return this.#ended.has(id);
  }

  makeSandbox(): Sandbox {
    const { queue, upstream, random } = this.world;
    const guard = this.makeGuard();
    return {
      handle: async (message: QueuedMessage) => {
        const receipt = message.receipt;
        const submission = this.#submissions.get(message.body) ?? submissionOf(false);
        try {
          await guard(() => upstream.complete(submission, { timeoutMs: CALL_TIMEOUT_MS }));
          this.#ended.add(message.body);
          return true;
        } catch {
          queue.returnAfter(message, receipt, fullJitter(message.receives, RETURN_BACKOFF, random));
          return false;
        }
      },
    };
  }
}

/** cockatiel 4: five failures in a row, as its documentation shows it, in each worker. */
export const cockatielFleet: MakeFleet = (world) =>
  new PeerFleet(world, () => {
    const policy = circuitBreaker(handleAll, { halfOpenAfter: PEER_OPEN_MS, breaker: new ConsecutiveBreaker(5) });
    return (call) => policy.execute(call);
  });

/** opossum 10: its defaults but for its timeout of ten seconds, which no completion would meet, in each worker. */
export const opossumFleet: MakeFleet = (world) =>
  new PeerFleet(world, () => {
    const breaker = new CircuitBreaker((call: () => Promise<unknown>) => call(), {
      timeout: false,
      resetTimeout: PEER_OPEN_MS,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
    });
    return (call) => breaker.fire(call);
  });
