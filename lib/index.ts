export type { ApiRoute } from './api/api-route';
export { GuardedApi, type GuardedApiProps } from './api/guarded-api';
export type { ApiThrottle } from './api/throttle';
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
