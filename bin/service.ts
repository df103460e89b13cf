import { type App, Duration, RemovalPolicy, Tags } from 'aws-cdk-lib';
import { ArnPrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { ApiFirewall } from '../lib/api/api-firewall';
import { ClientPlan } from '../lib/api/client-plan';
import { stackNames } from '../lib/contract/outputs';
import { SpendFuse } from '../lib/spend/spend-fuse';
import { Usd } from '../lib/spend/usd';
import { DataStack } from '../lib/stacks/data-stack';
import { ServiceStack } from '../lib/stacks/service-stack';
import { version } from '../package.json';
import type { Environment } from './environments';
import { spendSettingsOf } from './spend-caps';
import { developerFederationOf, upstreamCredentialOf } from './upstream-credential';

const WITHOUT_WEB_ACL =
  'The environment is for development and does without by its own setting, `webAcl`, to save the monthly price of a web ACL.';

/** The budget of the AWS side of the bill needs somebody to tell; only what lets work in is shut by it. */
function addSpendFuse(service: ServiceStack, { name, awsBudgetUsd, alarmTopicArn }: Environment): void {
  const { role } = service.submitJob;
  if (awsBudgetUsd === undefined || alarmTopicArn === undefined || !role) return;
  new SpendFuse(service, 'SpendFuse', {
    perMonth: Usd.dollars(awsBudgetUsd),
    roles: [role],
    alarmTopic: Topic.fromTopicArn(service, 'SpendFuseTopic', alarmTopicArn),
    tagValue: name,
  });
}

/** Puts the stacks of one environment into the app. */
export function composeService(app: App, environment: Environment): { data: DataStack; service: ServiceStack } {
  const { name, account, region, protectData } = environment;
  const names = stackNames(name);
  const common = { env: { account, region }, alarmTopicArn: environment.alarmTopicArn };
  const data = new DataStack(app, names.data, {
    ...common,
    description: `Bulwark (${name}): tables, queue, keys and the upstream's credential.`,
    processTimeout: Duration.seconds(environment.processTimeoutSeconds),
    processConcurrency: environment.processConcurrency,
    protectData,
    spend: spendSettingsOf(environment),
    upstreamCredential: upstreamCredentialOf(environment),
    secretAdministrators: environment.secretAdministrators.map((arn) => new ArnPrincipal(arn)),
    secretReaders: environment.secretReaders.map((arn) => new ArnPrincipal(arn)),
    uploads: { malwareScan: environment.scanUploads },
  });
  const service = new ServiceStack(app, names.service, {
    ...common,
    description: `Bulwark (${name}): the API and the functions behind it.`,
    data,
    environmentName: name,
    version,
    upstreamUrl: environment.upstreamUrl,
    developerFederation: developerFederationOf(environment),
    firewall: environment.webAcl ? ApiFirewall.managed() : ApiFirewall.none(WITHOUT_WEB_ACL),
    outage: {
      failures: environment.breakerFailures,
      openFor: Duration.seconds(environment.breakerOpenSeconds),
      openForAtMost: Duration.seconds(environment.breakerMaxOpenSeconds),
      resumeStep: Duration.seconds(environment.resumeStepSeconds),
      patience: Duration.seconds(environment.outagePatienceSeconds),
      stuckAfter: Duration.seconds(environment.stuckAfterSeconds),
    },
    plans: environment.plans.map((plan) => new ClientPlan(plan)),
    usageKeys: environment.usageKeys,
    authorizerCacheTtl: Duration.seconds(environment.authorizerCacheSeconds),
    logRetention: environment.logRetentionDays,
    logRemovalPolicy: protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    terminationProtection: protectData,
  });
  addSpendFuse(service, environment);
  Tags.of(app).add('bulwark:environment', name);
  return { data, service };
}
