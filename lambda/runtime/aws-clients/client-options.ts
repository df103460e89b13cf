/**
 * Options of every AWS client. Retries are the SDK's, bounded and in its standard mode; the timeouts turn a
 * stalled connection into an error that is retried, well inside a function's own timeout.
 */
export const awsClientOptions = {
  maxAttempts: 3,
  retryMode: 'standard',
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 4_000, throwOnRequestTimeout: true },
} as const;
