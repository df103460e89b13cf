export { ApiFirewall } from './api/api-firewall';
export type { ApiRoute } from './api/api-route';
export { ClientPlan, type ClientPlanProps } from './api/client-plan';
export { GuardedApi, type GuardedApiProps } from './api/guarded-api';
export type { ApiThrottle } from './api/throttle';
export { UsageKeys } from './api/usage-keys';
export { WebAcl, type WebAclProps } from './api/web-acl';
export type {
  ExchangeRate,
  LongContextPrices,
  ModelPrice,
  PriceBookDocument,
  TokenPrices,
} from './contract/price-book-document';
export type { GithubDeployerProps, GithubEnvironment } from './delivery/deployer-props';
export { GithubDeployer } from './delivery/github-deployer';
export { GithubSubjectFormat } from './delivery/github-subjects';
export { StandardFunction, type StandardFunctionProps } from './functions/standard-function';
export { EncryptedLogGroup, type EncryptedLogGroupProps } from './logs/encrypted-log-group';
export { QueueAlarms, type QueueAlarmsProps } from './queue/queue-alarms';
export { ResilientQueue, type ResilientQueueProps } from './queue/resilient-queue';
export {
  FederatedCredential,
  type FederatedCredentialProps,
  IdentityTokenAlgorithm,
} from './secrets/federated-credential';
export {
  type AnthropicFederationProps,
  FederatedProvider,
  type OpenAiFederationProps,
} from './secrets/federated-provider';
export { GuardedSecret, type GuardedSecretProps } from './secrets/guarded-secret';
export { RotatingSecret, type RotatingSecretProps } from './secrets/rotating-secret';
export { RotationAlarms, type RotationAlarmsProps } from './secrets/rotation-alarms';
export {
  type ClientKeyRotationOptions,
  type HostedRotationOptions,
  type KeyPoolRotationOptions,
  type OpenAiAdminRotationOptions,
  type RandomRotationOptions,
  RotationStrategy,
} from './secrets/rotation-strategy';
export type { RotationTimingProps } from './secrets/rotation-timing';
export { PriceBook } from './spend/price-book';
export { SpendAlarms, type SpendAlarmsProps } from './spend/spend-alarms';
export { SpendCap, type SpendCapProps } from './spend/spend-cap';
export { SpendFuse, type SpendFuseProps } from './spend/spend-fuse';
export type { SpendSettings } from './spend/spend-settings';
export { Usd } from './spend/usd';
export type { AlarmTopicProps } from './stacks/alarm-topic';
export { DataStack, type DataStackProps } from './stacks/data-stack';
export { DeliveryStack, type DeliveryStackProps } from './stacks/delivery-stack';
export type { OutageSettings } from './stacks/outage-settings';
export { ServiceAlarms, type ServiceAlarmsProps } from './stacks/service-alarms';
export { ServiceStack, type ServiceStackProps } from './stacks/service-stack';
export { UpstreamCredential, type UpstreamKeyPoolOptions } from './stacks/upstream-credential';
export { QuarantinedUploads, type QuarantinedUploadsProps } from './uploads/quarantined-uploads';
export { UploadAlarms, type UploadAlarmsProps } from './uploads/upload-alarms';
export { UploadRoutes, type UploadRoutesProps } from './uploads/upload-routes';
export type { ArchiveLimits, UploadTerms } from './uploads/upload-settings';
