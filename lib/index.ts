export type { ApiRoute } from './api/api-route';
export { GuardedApi, type GuardedApiProps } from './api/guarded-api';
export type { ApiThrottle } from './api/throttle';
export { StandardFunction, type StandardFunctionProps } from './functions/standard-function';
export { EncryptedLogGroup, type EncryptedLogGroupProps } from './logs/encrypted-log-group';
export { ResilientQueue, type ResilientQueueProps } from './queue/resilient-queue';
export { DataStack, type DataStackProps } from './stacks/data-stack';
export { ServiceStack, type ServiceStackProps } from './stacks/service-stack';
