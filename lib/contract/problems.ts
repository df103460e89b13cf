/** A kind of problem document (RFC 9457): its stable type, HTTP status and title. */
export interface ProblemKind {
  readonly type: string;
  readonly status: number;
  readonly title: string;
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

const kind = (slug: string, status: number, title: string): ProblemKind => ({
  type: `urn:bulwark:problem:${slug}`,
  status,
  title,
});

/** Every problem that a client of the service can meet, from the gateway or from a handler. */
export const Problem = {
  MALFORMED_JSON: kind('malformed-json', 400, 'The request body is not valid JSON.'),
  INVALID_REQUEST: kind('invalid-request', 400, 'The request is not one that the service understands.'),
  INVALID_IDEMPOTENCY_KEY: kind('invalid-idempotency-key', 400, 'The Idempotency-Key header is not valid.'),
  REFUSED: kind('refused', 400, 'The request was refused.'),
  UNAUTHENTICATED: kind('unauthenticated', 401, 'A valid client key is required.'),
  FORBIDDEN: kind('forbidden', 403, 'This client may not use the service.'),
  REQUEST_BLOCKED: kind('request-blocked', 403, 'The firewall of the service refused this request.'),
  NOT_FOUND: kind('not-found', 404, 'There is nothing here.'),
  PAYLOAD_TOO_LARGE: kind('payload-too-large', 413, 'The request body is too large.'),
  UNSUPPORTED_MEDIA_TYPE: kind('unsupported-media-type', 415, 'The request body must be application/json.'),
  IDEMPOTENCY_KEY_REUSED: kind(
    'idempotency-key-reused',
    422,
    'The Idempotency-Key was already used with another request body.',
  ),
  TOO_MANY_REQUESTS: kind('too-many-requests', 429, 'Too many requests.'),
  QUOTA_EXCEEDED: kind('quota-exceeded', 429, 'The quota of this client is used up.'),
  RATE_LIMITED: kind('rate-limited', 429, 'This client asks too often.'),
  SPEND_CAP_REACHED: kind('spend-cap-reached', 429, 'What is left of a spending cap does not cover this request.'),
  JOB_TOO_EXPENSIVE: kind('job-too-expensive', 400, 'The worst case of this request costs more than one job may.'),
  MODEL_NOT_OFFERED: kind('model-not-offered', 400, 'The service does not offer this model.'),
  MODEL_NOT_ALLOWED: kind('model-not-allowed', 403, 'The plan of this client does not include this model.'),
  INTERNAL: kind('internal', 500, 'The service failed to answer.'),
  CUT_OFF: kind('cut-off', 503, 'Spending is cut off until an operator restores it.'),
  PRICE_UNKNOWN: kind('price-unknown', 503, 'The price of this request is not known right now.'),
  LEDGER_UNAVAILABLE: kind('ledger-unavailable', 503, 'What is left to spend is not known right now.'),
  UNAVAILABLE: kind('unavailable', 503, 'The service is not available right now.'),
  UPSTREAM_TIMEOUT: kind('gateway-timeout', 504, 'The service did not answer in time.'),
} as const;
