// The public API of `cdk-bulwark/runtime/dynamodb`: the stores in DynamoDB. Needs `@aws-sdk/client-dynamodb` and
// `@aws-sdk/util-dynamodb`, of which Lambda brings its own.
export { DynamoDbBreakerStore } from './breaker/dynamodb-breaker-store';
export { DynamoDbJobStore } from './jobs/dynamodb-job-store';
export { DynamoDbRateLimitStore } from './rate-limit/dynamodb-rate-limit-store';
export { DynamoDbLedgerStore } from './spend/dynamodb-ledger-store';
