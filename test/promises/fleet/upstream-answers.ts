import { AnthropicMessages } from '../../../lambda/upstream/anthropic-messages';
import { TransportError, type TransportFault } from '../../../lambda/upstream/errors';
import type { HttpAnswer, PooledHttp } from '../../../lambda/upstream/pooled-http';
import type { Completion } from '../../../lambda/upstream/upstream';

/** How an upstream that is down treats a call. */
export type OutageKind =
  | 'refuses'
  | 'errors'
  | 'overloaded'
  | 'hangs'
  /** As `overloaded`, and it says for how long. */
  | 'busy'
  | 'limits'
  /** It knows the service's key no more. */
  | 'locks-out'
  /** The account may not use any model. */
  | 'forbids'
  /** The service's account has no credit. */
  | 'wants-money';

/** What a call meets instead of a completion; `breaks` is the end of a call that was under way. */
export type Fault = OutageKind | 'breaks';

const answer = (status: number, type: string, message: string, retryAfter?: number): HttpAnswer => ({
  status,
  headers: retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) },
  body: Buffer.from(JSON.stringify({ type: 'error', error: { type, message } })),
});

/** As Anthropic's API words them. */
const ANSWERS: Record<Fault, HttpAnswer | TransportFault> = {
  refuses: 'connect',
  errors: answer(500, 'api_error', 'Internal server error'),
  overloaded: answer(529, 'overloaded_error', 'Overloaded'),
  hangs: 'timeout',
  busy: answer(529, 'overloaded_error', 'Overloaded', 60),
  limits: answer(429, 'rate_limit_error', 'This request would exceed your organization’s rate limit.', 120),
  'locks-out': answer(401, 'authentication_error', 'invalid x-api-key'),
  forbids: answer(403, 'permission_error', 'Your API key does not have permission to use the specified resource.'),
  'wants-money': answer(400, 'invalid_request_error', 'Your credit balance is too low to access the Anthropic API.'),
  breaks: 'reset',
};

const SUBMISSION = { model: 'model', max_tokens: 16, messages: [] };

/** Fails as the adapter of the Messages API does that meets the fault. */
export const failBy = (fault: Fault, nowMs: number): Promise<Completion> => {
  const met = ANSWERS[fault];
  const post = async (): Promise<HttpAnswer> => {
    if (typeof met === 'string') throw new TransportError(met, fault === 'breaks');
    return met;
  };
  const http = { post } as unknown as PooledHttp;
  return new AnthropicMessages(http, '', () => nowMs).complete(SUBMISSION, {
    credential: { kind: 'api-key', value: 'key' },
    timeoutMs: 1,
  });
};
