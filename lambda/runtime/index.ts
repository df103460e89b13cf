// The public API of `cdk-bulwark/runtime`: what is not named here is nobody's business but the handlers'. It loads no
// AWS SDK; what does is in `cdk-bulwark/runtime/dynamodb`.
export type { PlanTerms } from '../../lib/contract/client-plan';
export type { BreakerRow, BreakerStatusValue } from '../../lib/contract/control';
export { sanitizeForDisplay, sanitizeForTerminal } from '../../lib/contract/display-text';
export { FailureReason, type FailureReasonValue } from '../../lib/contract/failures';
export type {
  AnthropicFederationSettings,
  OpenAiFederationSettings,
  TokenEndpointSettings,
} from '../../lib/contract/federation';
export {
  type HealthCheckReport,
  type HealthReport,
  HealthStatus,
  type HealthStatusValue,
} from '../../lib/contract/health';
export {
  type CutOff,
  type GlobalCaps,
  SpendCapName,
  type SpendCapNameValue,
} from '../../lib/contract/ledger';
export type { LimitRow } from '../../lib/contract/limits-table';
export {
  DEFAULT_CLOCK_SKEW_MS,
  type PriceBook,
  type PriceStep,
  priceOf,
  type TokenBounds,
  type TokenCosts,
  type TokenUsage,
  UnknownModelError,
  UnknownPriceError,
  worstCasePrice,
} from '../../lib/contract/price-book';
export type {
  ExchangeRate,
  LongContextPrices,
  ModelPrice,
  PriceBookDocument,
  TokenPrices,
} from '../../lib/contract/price-book-document';
export { packPriceBook, unpackPriceBook } from '../../lib/contract/price-book-packing';
export { PriceBookError, readPriceBook } from '../../lib/contract/price-book-reading';
export { PromptLabel, type PromptLabelValue } from '../../lib/contract/prompt-labels';
export { JobStatus, type JobStatusValue } from '../../lib/contract/tables';
export type { Backoff, BackoffBounds, BackoffStep } from './backoff/backoff';
export { decorrelatedJitterBackoff } from './backoff/decorrelated-jitter';
export { fullJitter, fullJitterBackoff } from './backoff/full-jitter';
export type { BreakerState, BreakerView, IBreaker, Permit } from './breaker/breaker';
export type { BreakerObserver, BreakerOptions, BreakerTools } from './breaker/breaker-options';
export type {
  ForceCommand,
  IBreakerStore,
  ProbeResult,
  RecordProbeCommand,
  StoreAnswer,
  TakeProbeCommand,
  TripCommand,
} from './breaker/breaker-store';
export { CircuitBreaker } from './breaker/circuit-breaker';
export { CompareAndSetBreakerStore } from './breaker/compare-and-set-store';
export { BreakerContentionError, BreakerOpenError, BreakerStoreTimeoutError } from './breaker/errors';
export { MemoryBreakerStore } from './breaker/memory-breaker-store';
export { AdaptiveConcurrency, type AdaptiveConcurrencyOptions } from './bulkhead/adaptive-concurrency';
export { Bulkhead, type BulkheadOptions, type IConcurrencyLimit } from './bulkhead/bulkhead';
export { BulkheadFullError } from './bulkhead/errors';
export { type Clock, type ITimers, type Random, type Sleep, sleep, systemClock, systemTimers } from './clock/clock';
export {
  FederationError,
  IdentityTokenError,
  OutboundFederationDisabledError,
  TokenExchangeError,
  TokenMalformedError,
} from './federation/errors';
export { FederatedToken, type FederatedTokenOptions } from './federation/federated-token';
export type { AccessToken } from './federation/token-answer';
export { type ITokenEndpoint, TokenEndpoint, type TokenEndpointOptions } from './federation/token-endpoint';
export type { HealthFinding, IHealthCheck } from './health/health-check';
export { diskCheck, diskOf, memoryCheck, processMemory } from './health/process-checks';
export { SystemHealthChecker, type SystemHealthCheckerOptions } from './health/system-health-checker';
export { upstreamCheck } from './health/upstream-check';
export { canonicalJson } from './idempotency/canonical-json';
export { isIdempotencyKey, jobIdOfBytes, jobIdOfKey } from './idempotency/job-id';
export { type JsonFault, JsonMalformedError, type JsonPath, JsonRefusedError } from './input/errors';
export { type JsonBounds, MAX_JSON_FAULTS } from './input/json-structure';
export { parseJsonText } from './input/json-text';
export { labelPrompt } from './input/label-prompt';
export { LeaseLostError } from './jobs/errors';
export {
  type Failure,
  isExpired,
  type Job,
  type JobResult,
  type JobState,
  queuedJob,
  type Reservation,
  type Submitted,
  sealingContextOf,
  type Usage,
} from './jobs/job';
export type { IJobStore, Success } from './jobs/job-store';
export type { Release } from './jobs/job-updates';
export { type Lease, type LeaseOutcome, type LeaseRefusal, type LeaseRequest, refusalOf } from './jobs/lease';
export {
  type Admission,
  admissionHolds,
  applyAdmission,
  type BucketStep,
  type RowUpdate,
  type WindowStep,
} from './rate-limit/admission';
export type {
  Admitted,
  Decision,
  LimitPolicy,
  LimitState,
  LimitStates,
  Refused as RateLimitRefused,
} from './rate-limit/decision';
export {
  RateLimitClockError,
  RateLimitContentionError,
  RateLimitStoreError,
  RateLimitUnavailableError,
} from './rate-limit/errors';
export { type LimitHeaders, limitHeaders } from './rate-limit/limit-answer';
export type { LimitedClient } from './rate-limit/limited-client';
export type { LimitTerms } from './rate-limit/limits';
export { MemoryRateLimitStore } from './rate-limit/memory-rate-limit-store';
export type { AdmissionAnswer, IRateLimitStore } from './rate-limit/rate-limit-store';
export { type IRateLimiter, RateLimiter } from './rate-limit/rate-limiter';
export type { RateLimiterOptions, RateLimiterTools } from './rate-limit/rate-limiter-options';
export type { LimitUsage, WindowUsage } from './rate-limit/usage';
export { Attempt } from './resilience/attempt';
export { CallTimeoutError } from './resilience/errors';
export {
  type ExecutionLimits,
  ResilientCall,
  type ResilientCallOptions,
  type ResilientCallTools,
} from './resilience/resilient-call';
export type { Classification, Classify } from './retry/classification';
export { classifyHttpFailure, type HttpFailure } from './retry/classify-http';
export { deadlineWithin } from './retry/deadline';
export { type GiveUpReason, RetryError } from './retry/errors';
export { parseRetryAfter } from './retry/retry-after';
export { RetryBudget, type RetryBudgetOptions } from './retry/retry-budget';
export {
  type PlannedRetry,
  type RetryLimits,
  type RetryOptions,
  type RetryOutcome,
  RetryPolicy,
  type RetryTools,
} from './retry/retry-policy';
export type { DataKey, SealingContext } from './sealing/data-keys';
export { open, type Sealed, seal } from './sealing/envelope';
export { UnsealError } from './sealing/errors';
export { acceptedValues, type ReadStage } from './secrets/accepted-values';
export { ApiKeyCredential } from './secrets/api-key-credential';
export type { Credential, CredentialState, IUpstreamCredential } from './secrets/credential';
export { CredentialUnavailableError, SecretMalformedError, SecretUnavailableError } from './secrets/errors';
export { SecretCache, type SecretCacheOptions } from './secrets/secret-cache';
export { LedgerBusyError, LedgerUnavailableError } from './spend/errors';
export type {
  BeginOutcome,
  BeginRequest,
  CapChange,
  ClientCaps,
  CloseOutcome,
  ExpireReport,
  ExpireRequest,
  ISpendControl,
  ISpendLedger,
  Refused,
  RefusedByCut,
  ReservationStatus,
  ReserveOutcome,
  ReserveRequest,
  SettleOutcome,
  SettleRequest,
  SpendStatus,
  SpendWindows,
  WindowStatus,
} from './spend/ledger';
export type { SpendLedgerOptions, SpendLedgerTools } from './spend/ledger-options';
export type { CommitResult, ILedgerStore, LedgerRow, RowChange, RowCondition, RowWrite } from './spend/ledger-store';
export { MemoryLedgerStore, type MemoryWrite } from './spend/memory-ledger-store';
export { SpendControl } from './spend/spend-control';
export { SpendLedger } from './spend/spend-ledger';
