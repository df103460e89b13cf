import type { Usage } from '../runtime/jobs/job';
import type { Submission } from '../runtime/jobs/submission';
import type { Credential } from '../runtime/secrets/credential';

/** What the upstream made of a submission. */
export interface Completion {
  readonly text: string;
  /** Why it ended there, such as `end_turn` or `max_tokens`. */
  readonly stopReason: string;
  /** The model that answered; may be a dated version of the one asked for. */
  readonly model: string;
  readonly usage: Usage;
}

export interface CallOptions {
  readonly credential: Credential;
  /** Milliseconds that the whole call may take. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** A paid provider of completions. */
export interface IUpstream {
  /** Makes one call, and never a second. @throws UpstreamError where it gives no completion. */
  complete(submission: Submission, options: CallOptions): Promise<Completion>;
}
