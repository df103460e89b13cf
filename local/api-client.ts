import { setTimeout as sleep } from 'node:timers/promises';
import { JobStatus, type JobStatusValue } from '../lib/contract/tables';
import { LocalFailure } from './failure';

/** A job as `GET /v1/jobs/{id}` answers it. */
export interface JobView {
  readonly id: string;
  readonly status: JobStatusValue;
  readonly completion?: { readonly text: string; readonly stopReason: string; readonly usage: unknown };
  readonly failure?: { readonly reason: string };
}

/** An answer of the API with its body read. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON, or undefined where it is none. */
  readonly json: unknown;
}

const FINAL: readonly JobStatusValue[] = [JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.DEAD_LETTERED];

/** Media type of an answer: of the two that the emulator sends with a gateway response, the response's own. */
export const mediaTypeOf = ({ headers }: ApiAnswer): string | undefined =>
  headers.get('content-type')?.split(', ').at(-1);

/** Whether a job has ended. */
export const isFinal = (job: JobView): boolean => FINAL.includes(job.status);

/** A submission with one user message. */
export const submissionOf = (prompt: string, maxTokens = 64) => ({
  model: 'claude-sonnet-4-5',
  max_tokens: maxTokens,
  messages: [{ role: 'user', content: prompt }],
});

/** A client of the deployed API. */
export class ApiClient {
  constructor(
    readonly baseUrl: string,
    readonly key?: string,
  ) {}

  /** Sends any request, with the client's key unless the headers name another. */
  async request(method: string, path: string, body?: string | Uint8Array, headers: Record<string, string> = {}) {
    const authorization = this.key === undefined ? undefined : { authorization: `Bearer ${this.key}` };
    const response = await fetch(`${this.baseUrl}${path}`, {
      method,
      headers: { ...authorization, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parse(text) } satisfies ApiAnswer;
  }

  /** Submits a prompt and answers whatever the API answers. */
  submit(prompt: string, headers?: Record<string, string>): Promise<ApiAnswer> {
    return this.request('POST', '/v1/jobs', JSON.stringify(submissionOf(prompt)), headers);
  }

  /**
   * Submits a prompt that must be accepted, and answers the job's id.
   * @throws LocalFailure when it is not accepted.
   */
  async accept(prompt: string, headers?: Record<string, string>): Promise<string> {
    const answer = await this.submit(prompt, headers);
    const { id } = (answer.json ?? {}) as Partial<JobView>;
    if (answer.status !== 202 || !id) {
      throw new LocalFailure(`local: the API answered ${answer.status} instead of 202: ${answer.text.slice(0, 300)}`);
    }
    return id;
  }

  /** Reads a job. @throws LocalFailure when it cannot be read. */
  async read(id: string): Promise<JobView> {
    const answer = await this.request('GET', `/v1/jobs/${id}`);
    if (answer.status !== 200) {
      throw new LocalFailure(`local: job ${id} cannot be read: ${answer.status} ${answer.text.slice(0, 300)}`);
    }
    return answer.json as JobView;
  }

  /**
   * Reads a job until it has ended, telling each state that it passes.
   * @param withinMs milliseconds after which to give up
   * @throws LocalFailure when it has not ended in time.
   */
  async untilEnded(id: string, withinMs: number, onState?: (job: JobView) => void, signal?: AbortSignal) {
    const deadline = performance.now() + withinMs;
    let last: JobView | undefined;
    while (performance.now() < deadline) {
      signal?.throwIfAborted();
      const job = await this.read(id);
      if (job.status !== last?.status) onState?.(job);
      if (isFinal(job)) return job;
      last = job;
      await sleep(250);
    }
    throw new LocalFailure(`local: job ${id} is still ${last?.status} after ${withinMs / 1000} s`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
