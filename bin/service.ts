import { type App, Duration, RemovalPolicy, Tags } from 'aws-cdk-lib';
import { ArnPrincipal } from 'aws-cdk-lib/aws-iam';
import { stackNames } from '../lib/contract/outputs';
import { DataStack } from '../lib/stacks/data-stack';
import { ServiceStack } from '../lib/stacks/service-stack';
import { version } from '../package.json';
import type { Environment } from './environments';
import { upstreamCredentialOf } from './upstream-credential';

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
    outage: {
      failures: environment.breakerFailures,
      openFor: Duration.seconds(environment.breakerOpenSeconds),
      openForAtMost: Duration.seconds(environment.breakerMaxOpenSeconds),
      resumeStep: Duration.seconds(environment.resumeStepSeconds),
      patience: Duration.seconds(environment.outagePatienceSeconds),
      stuckAfter: Duration.seconds(environment.stuckAfterSeconds),
    },
    logRetention: environment.logRetentionDays,
    logRemovalPolicy: protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    terminationProtection: protectData,
  });
  Tags.of(app).add('bulwark:environment', name);
  return { data, service };
}
