import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ClientPlan } from '../api/client-plan';
import { DEFAULT_AUTHORIZER_CACHE_TTL, GuardedApi } from '../api/guarded-api';
import { UsageKeys } from '../api/usage-keys';
import { ConfigCheck } from '../config-error';
import { EnvironmentKey } from '../contract/environment-keys';
import type { HandlerName } from '../contract/handlers';
import { READINESS_PATH } from '../contract/health';
import { DEFAULT_JOB_RETENTION_DAYS, DEFAULT_MAX_BODY_BYTES } from '../contract/limits';
import { submissionSchema } from '../contract/submission-schema';
import { bundledCode } from '../functions/bundled-code';
import { StandardFunction, type StandardFunctionProps } from '../functions/standard-function';
import { DEFAULT_LOG_RETENTION } from '../logs/encrypted-log-group';
import { UploadRoutes } from '../uploads/upload-routes';
import { alarmTopicOf } from './alarm-topic';
import { CredentialAccess } from './credential-access';
import { DataAccess } from './data-access';
import { addJobRelay } from './job-relay';
import { ledgerEnvironment, pricedLedgerEnvironment } from './ledger-environment';
import { addOutageControl, breakerEnvironment, type CreateFunction } from './outage-control';
import { outageSettings, type ResolvedOutageSettings } from './outage-settings';
import { ServiceAlarms } from './service-alarms';
import { declareServiceOutputs } from './service-outputs';
import type { ServiceStackProps } from './service-settings';
import { addSpendControl } from './spend-control';
import { SpendControlAlarms } from './spend-control-alarms';

export type { ServiceStackProps };

/** A scheme, a host, and perhaps a path that does not end in a slash. */
const BASE_URL = /^https?:\/\/[^/\s?#]+(\/[^\s?#]*[^\s?#/])?$/;

/** Time that the processor keeps to write down how a job ended. */
const SETTLE_TIME = Duration.seconds(3);

/** Time by which a lease outlives its function, so that no second processor starts while the first may still run. */
const LEASE_MARGIN = Duration.seconds(5);

/** The way of a job: the API that accepts it, the relay that queues it, the processor that runs it. */
export class ServiceStack extends Stack {
  /** The API of the service's clients. */
  public readonly api: GuardedApi;
  /** Accepts jobs: the role by which work comes in. */
  public readonly submitJob: StandardFunction;
  /** Alarms on limits that cannot be read, given-up jobs, the account at the upstream, AWS itself, the breaker and the functions behind the API. */
  public readonly alarms: ServiceAlarms;

  private readonly settings: ServiceStackProps;
  private readonly access: DataAccess;
  private readonly credential: CredentialAccess;

  private readonly outage: ResolvedOutageSettings;

  /** @throws ConstructConfigError when `environmentName`, `upstreamUrl` or a setting of `outage` is not allowed. */
  constructor(scope: Construct, id: string, props: ServiceStackProps) {
    new ConfigCheck(scope, id)
      .require(
        /^[a-z]+$/.test(props.environmentName),
        'environmentName',
        'must be lower-case letters',
        props.environmentName,
      )
      .require(
        BASE_URL.test(props.upstreamUrl),
        'upstreamUrl',
        'must be an absolute URL without a trailing slash',
        props.upstreamUrl,
      )
      .throwProblems();
    const outage = outageSettings(scope, id, props.outage);
    super(scope, id, props);
    this.settings = props;
    this.outage = outage;
    this.access = new DataAccess(props.data);
    this.credential = new CredentialAccess(this, props.data, props.developerFederation);
    this.api = this.createApi();
    this.submitJob = this.createSubmit();
    this.addRoutes();
    const createFunction: CreateFunction = (...args) => this.createFunction(...args);
    const alarmTopic = alarmTopicOf(this, props);
    const relay = addJobRelay({ data: props.data, access: this.access, createFunction });
    const { processor, consumer } = this.createProcessor();
    const { controller, sweeper } = addOutageControl(this, {
      data: props.data,
      access: this.access,
      processor,
      consumer,
      settings: outage,
      createFunction,
    });
    const spendController = addSpendControl(this, {
      data: props.data,
      access: this.access,
      ledger: props.data.spendCap,
      consumer,
      usagePlans: this.api._throttledPlans,
      plans: this.plans,
      createFunction,
    });
    new SpendControlAlarms(this, 'SpendControlAlarms', {
      controller: spendController,
      topic: alarmTopic,
    });
    this.alarms = new ServiceAlarms(this, 'Alarms', {
      processor,
      relay,
      controller,
      sweeper,
      openAlarmAfter: outage.openAlarmAfter,
      topic: alarmTopic,
    });
    declareServiceOutputs(this, {
      api: this.api,
      plans: this.plans,
      usageKeys: props.usageKeys ?? UsageKeys.CLIENT,
      authorizerCacheTtl: this.authorizerCacheTtl,
      consumerMappingId: consumer.eventSourceMappingId,
    });
  }

  private get plans(): ClientPlan[] {
    return this.settings.plans ?? [ClientPlan.standard()];
  }

  private get authorizerCacheTtl(): Duration {
    return this.settings.authorizerCacheTtl ?? DEFAULT_AUTHORIZER_CACHE_TTL;
  }

  private createApi(): GuardedApi {
    const authorizer = this.createFunction('AuthorizeClient', 'authorize-client', {
      [EnvironmentKey.CLIENTS_TABLE]: this.settings.data.clientsTable.tableName,
      [EnvironmentKey.CLIENT_PLANS]: ClientPlan.toJson(this.plans),
    });
    this.access.readClients(authorizer);
    return new GuardedApi(this, 'Api', {
      authorizer,
      firewall: this.settings.firewall,
      stageThrottle: this.settings.stageThrottle,
      plans: this.plans,
      authorizerCacheTtl: this.authorizerCacheTtl,
      accessLog: this.logSettings,
      setAccountLogRole: this.settings.setAccountLogRole,
    });
  }

  private createSubmit(): StandardFunction {
    const { data } = this.settings;
    const submit = this.createFunction('SubmitJob', 'submit-job', {
      [EnvironmentKey.JOBS_TABLE]: data.jobsTable.tableName,
      [EnvironmentKey.LIMITS_TABLE]: data.limitsTable.tableName,
      [EnvironmentKey.DATA_KEY_ARN]: data.dataKey.keyArn,
      [EnvironmentKey.MAX_BODY_BYTES]: String(DEFAULT_MAX_BODY_BYTES),
      [EnvironmentKey.JOB_RETENTION_DAYS]: String(DEFAULT_JOB_RETENTION_DAYS),
      ...pricedLedgerEnvironment(data.spendCap),
    });
    data.spendCap.grantReserve(submit);
    this.access.countRequests(submit);
    this.access.createJobs(submit);
    this.access.sealJobs(submit);
    return submit;
  }

  private addRoutes(): void {
    const { data } = this.settings;
    const read = this.createFunction('ReadJob', 'read-job', {
      [EnvironmentKey.JOBS_TABLE]: data.jobsTable.tableName,
      [EnvironmentKey.DATA_KEY_ARN]: data.dataKey.keyArn,
    });
    this.access.readJobs(read);
    this.access.openJobs(read);
    const usage = this.createFunction('ReadUsage', 'read-usage', {
      [EnvironmentKey.LIMITS_TABLE]: data.limitsTable.tableName,
      ...ledgerEnvironment(data.spendCap),
    });
    this.access.readLimits(usage);
    data.spendCap.grantRead(usage);
    const health = this.createFunction('CheckHealth', 'check-health', {});
    const readiness = this.createReadiness();
    const { GET, POST } = lambda.HttpMethod;
    // The contract's schema is plain JSON; the CDK's type spells the same words as an enum.
    const schema = submissionSchema as unknown as apigateway.JsonSchema;
    this.api.addRoute({ method: POST, path: '/v1/jobs', handler: this.submitJob, schema, takesPrompts: true });
    this.api.addRoute({ method: GET, path: '/v1/jobs/{id}', handler: read });
    this.api.addRoute({ method: GET, path: '/v1/usage', handler: usage });
    this.api.addRoute({ method: GET, path: '/health', handler: health, isPublic: true });
    this.api.addRoute({ method: GET, path: READINESS_PATH, handler: readiness, isPublic: true });
    if (data.uploads) {
      const { createUpload } = new UploadRoutes(this, 'Uploads', {
        uploads: data.uploads,
        api: this.api,
        environment: this.commonEnvironment,
        logs: this.logSettings,
      });
      createUpload.addEnvironment(EnvironmentKey.LIMITS_TABLE, data.limitsTable.tableName);
      this.access.countRequests(createUpload);
    }
  }

  private createReadiness(): StandardFunction {
    const { data, upstreamUrl } = this.settings;
    const readiness = this.createFunction('CheckReadiness', 'check-readiness', {
      [EnvironmentKey.JOBS_TABLE]: data.jobsTable.tableName,
      [EnvironmentKey.LIMITS_TABLE]: data.limitsTable.tableName,
      [EnvironmentKey.CONTROL_TABLE]: data.controlTable.tableName,
      [EnvironmentKey.QUEUE_URL]: data.workQueue.queue.queueUrl,
      [EnvironmentKey.UPSTREAM_URL]: upstreamUrl,
      ...ledgerEnvironment(data.spendCap),
    });
    data.spendCap.grantRead(readiness);
    this.access.readJobs(readiness);
    this.access.readLimits(readiness);
    this.access.readControl(readiness);
    this.credential.connect(readiness);
    data.workQueue.queue.grant(readiness, 'sqs:GetQueueAttributes');
    return readiness;
  }

  private createProcessor(): { processor: StandardFunction; consumer: lambda.EventSourceMapping } {
    const { data, upstreamUrl } = this.settings;
    const timeout = data.workQueue.consumerTimeout;
    const processor = this.createFunction(
      'ProcessJob',
      'process-job',
      {
        [EnvironmentKey.JOBS_TABLE]: data.jobsTable.tableName,
        [EnvironmentKey.DATA_KEY_ARN]: data.dataKey.keyArn,
        [EnvironmentKey.QUEUE_URL]: data.workQueue.queue.queueUrl,
        [EnvironmentKey.UPSTREAM_URL]: upstreamUrl,
        [EnvironmentKey.PROCESS_BUDGET_MS]: String(timeout.minus(SETTLE_TIME).toMilliseconds()),
        [EnvironmentKey.LEASE_MS]: String(timeout.plus(LEASE_MARGIN).toMilliseconds()),
        [EnvironmentKey.MAX_RECEIVE_COUNT]: String(data.workQueue.maxReceiveCount),
        [EnvironmentKey.DEAD_LETTER_QUEUE_URL]: data.workQueue.deadLetterQueue.queueUrl,
        [EnvironmentKey.CONTROL_TABLE]: data.controlTable.tableName,
        ...breakerEnvironment(this.outage),
        ...pricedLedgerEnvironment(data.spendCap),
      },
      // To send a job's message anew while the upstream is down is a loop on purpose, and slow: one send a window.
      { timeout, recursiveLoop: lambda.RecursiveLoop.ALLOW },
    );
    this.access.processJobs(processor);
    data.spendCap.grantSettle(processor);
    this.access.openJobs(processor);
    this.credential.connect(processor);
    this.access.changeControl(processor);
    data.workQueue.grantSend(processor);
    data.workQueue.grantDeadLetter(processor);
    return { processor, consumer: data.workQueue.addConsumer(processor) };
  }

  private createFunction(
    id: string,
    handler: HandlerName,
    environment: Record<string, string>,
    overrides: Partial<StandardFunctionProps> = {},
  ): StandardFunction {
    return new StandardFunction(this, id, {
      ...overrides,
      code: bundledCode(this, handler),
      logs: this.logSettings,
      environment: { ...this.commonEnvironment, ...environment },
    });
  }

  private get commonEnvironment() {
    return {
      [EnvironmentKey.ENVIRONMENT]: this.settings.environmentName,
      [EnvironmentKey.VERSION]: this.settings.version,
    };
  }

  private get logSettings() {
    return {
      retention: this.settings.logRetention ?? DEFAULT_LOG_RETENTION,
      removalPolicy: this.settings.logRemovalPolicy ?? RemovalPolicy.RETAIN,
    };
  }
}
