import { setTimeout as sleep } from 'node:timers/promises';
import { JobStatus } from '../../../lib/contract/tables';
import type { ApiClient } from '../../../local/api-client';

const ENDED_WITHIN_MS = 60_000;

/** A client that submits a job every so often, from the making of this to its end. */
export class SteadyLoad {
  readonly #ids: string[] = [];
  readonly #ended = new AbortController();
  readonly #running: Promise<void>;

  constructor(
    readonly api: ApiClient,
    /** In the prompt of each job, so that the upstream's log tells them from others. */
    readonly run: string,
    readonly everyMs: number,
  ) {
    this.#running = this.#submit();
    // Whoever waits for `end` learns of it.
    this.#running.catch(() => undefined);
  }

  get jobs(): number {
    return this.#ids.length;
  }

  /** Submits no more; to end it twice changes nothing. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }

  /** Waits until every job has ended; answers how many ended other than succeeded. */
  async untilAllEnded(signal?: AbortSignal): Promise<number> {
    const deadline = performance.now() + ENDED_WITHIN_MS;
    let failed = 0;
    for (const id of this.#ids) {
      const { status } = await this.api.untilEnded(id, deadline - performance.now(), undefined, signal);
      if (status !== JobStatus.SUCCEEDED) failed += 1;
    }
    return failed;
  }

  async #submit(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      this.#ids.push(await this.api.accept(`Question. [[${this.run}-${this.#ids.length}]]`));
      await sleep(this.everyMs);
    }
  }
}
