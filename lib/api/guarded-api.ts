import { Duration, Validations } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ConfigCheck } from '../config-error';
import { DEFAULT_PLAN } from '../contract/client-plan';
import { API_STAGE } from '../contract/outputs';
import { EncryptedLogGroup, type EncryptedLogGroupProps } from '../logs/encrypted-log-group';
import { ACCESS_LOG_FORMAT } from './access-log';
import { ApiFirewall } from './api-firewall';
import { type ApiRoute, checkRoute } from './api-route';
import { ClientPlan } from './client-plan';
import { answerWithProblems } from './gateway-responses';
import { checkPlans, PlanFences, type ThrottledPlan } from './plan-fences';
import { type ApiThrottle, checkThrottle, DEFAULT_STAGE_THROTTLE } from './throttle';
import type { WebAcl } from './web-acl';

/** How long an authorizer's answer is reused unless told otherwise: also how long a revoked key still works. */
export const DEFAULT_AUTHORIZER_CACHE_TTL = Duration.seconds(60);

/** TLS 1.3 only. Source: "Security policies for REST APIs", API Gateway developer guide. */
const TLS_POLICY = 'SecurityPolicy_TLS13_1_3_2025_09';

/** Settings of a `GuardedApi`. */
export interface GuardedApiProps {
  /**
   * REQUEST authorizer that judges the `Authorization` header. It answers with a policy for the whole stage, the
   * client as principal, and the client's `usageIdentifierKey`, by which the usage plan of its plan knows it.
   */
  readonly authorizer: lambda.IFunction;

  /**
   * How long the authorizer's answer is reused for the same header, up to 1 hour: the delay with which a revoked
   * key stops working.
   *
   * @default Duration.seconds(60)
   */
  readonly authorizerCacheTtl?: Duration;

  /**
   * What all clients together may ask.
   *
   * @default - 100 requests a second, 200 at once
   */
  readonly stageThrottle?: ApiThrottle;

  /**
   * What one client may, by the plan that it has: at most 10 plans, one of which is named `standard`. The API's part of
   * a plan is a fence, of its rate, its burst and one quota, the daily where it has two; best effort, as AWS says itself.
   * To keep the rest, money above all, is the handlers' part.
   *
   * @default - one plan, `ClientPlan.standard()`: 10 requests a second, 20 at once
   */
  readonly plans?: ClientPlan[];

  /**
   * The web ACL (AWS WAF) before the API.
   *
   * @default ApiFirewall.managed()
   */
  readonly firewall?: ApiFirewall;

  /**
   * Settings of the access log's group.
   *
   * @default - an `EncryptedLogGroup` with its own defaults
   */
  readonly accessLog?: EncryptedLogGroupProps;

  /**
   * Whether to set the role by which API Gateway writes logs. There is one for the whole account and Region, and
   * without it no stage with an access log can be made: say false where the account has its role already.
   *
   * @default true
   */
  readonly setAccountLogRole?: boolean;
}

/**
 * A Regional REST API whose every route, unless public, needs a client that the authorizer knows: bodies checked
 * against a schema, TLS 1.3 only, throttled as a whole and for each client, a firewall that lets prompts through, an
 * encrypted access log without secrets, and a problem document (RFC 9457) for every answer that the gateway gives by
 * itself.
 */
export class GuardedApi extends Construct {
  /** The API. */
  public readonly restApi: apigateway.RestApi;
  /** The usage plan of the plan `standard`; the usage key of a client that has it must be in it. */
  public readonly usagePlan: apigateway.UsagePlan;
  /** Where the access log is. */
  public readonly accessLogGroup: EncryptedLogGroup;
  /** The firewall's web ACL, where it is the API's own. */
  public readonly webAcl?: WebAcl;

  private readonly fences: PlanFences;
  private readonly validator: apigateway.RequestValidator;
  private readonly createAuthorizer: () => apigateway.RequestAuthorizer;
  private authorizer?: apigateway.RequestAuthorizer;

  /** Every usage plan with its throttle, which a cut-off takes away. @internal */
  public get _throttledPlans(): readonly ThrottledPlan[] {
    return this.fences.all;
  }

  /** @throws ConstructConfigError naming every prop that is out of its range. */
  constructor(scope: Construct, id: string, props: GuardedApiProps) {
    const stageThrottle = props.stageThrottle ?? DEFAULT_STAGE_THROTTLE;
    const plans = props.plans ?? [ClientPlan.standard()];
    const cacheTtl = props.authorizerCacheTtl ?? DEFAULT_AUTHORIZER_CACHE_TTL;
    const firewall = props.firewall ?? ApiFirewall.managed();
    const check = new ConfigCheck(scope, id);
    checkThrottle(check, 'stageThrottle', stageThrottle);
    checkPlans(check, plans);
    firewall._check(check);
    check
      .require(cacheTtl.toSeconds() <= 3600, 'authorizerCacheTtl', 'must be at most 3600 seconds', cacheTtl.toSeconds())
      .throwProblems();
    super(scope, id);
    this.accessLogGroup = new EncryptedLogGroup(this, 'AccessLog', props.accessLog);
    this.restApi = this.createRestApi(stageThrottle, props.setAccountLogRole ?? true);
    answerWithProblems(this.restApi);
    const stage = this.restApi.deploymentStage;
    this.webAcl = firewall._protect(this, { stage, clientThrottle: widestThrottle(plans), log: props.accessLog ?? {} });
    // Made with the first route that needs it: the CDK refuses an authorizer that no route has.
    this.createAuthorizer = () =>
      new apigateway.RequestAuthorizer(this, 'Authorizer', {
        handler: props.authorizer,
        identitySources: [apigateway.IdentitySource.header('Authorization')],
        resultsCacheTtl: cacheTtl,
      });
    this.validator = this.restApi.addRequestValidator('Validator', {
      validateRequestBody: true,
      validateRequestParameters: true,
    });
    this.fences = new PlanFences(this, 'Plans', this.restApi, stageThrottle, plans);
    this.usagePlan = this.usagePlanOf(DEFAULT_PLAN);
  }

  /** Base URL of the deployed stage, with a trailing slash. */
  public get url(): string {
    return this.restApi.url;
  }

  /**
   * The usage plan of a plan, for clients that have a usage key of their own: each is in one usage plan of the API.
   *
   * @throws Error where there is no such plan
   */
  public usagePlanOf(plan: string): apigateway.UsagePlan {
    return this.fences.of(plan).usagePlan;
  }

  /**
   * The usage key of the clients of a plan that have none of their own, as an account has 10 000 in a Region: all of
   * them together are throttled as the stage is.
   *
   * @throws Error where there is no such plan
   */
  public sharedKeyOf(plan: string): apigateway.ApiKey {
    return this.fences.of(plan).sharedKey;
  }

  /**
   * Adds a route.
   *
   * @throws ConstructConfigError naming every property of the route that is not allowed
   */
  public addRoute(route: ApiRoute): apigateway.Method {
    checkRoute(new ConfigCheck(this, `${route.method} ${route.path}`), route);
    const method = this.restApi.root
      .resourceForPath(route.path)
      .addMethod(route.method, new apigateway.LambdaIntegration(route.handler, { allowTestInvoke: false }), {
        requestValidator: this.validator,
        requestModels: route.schema && { 'application/json': this.model(route, route.schema) },
        ...(route.isPublic ? { authorizationType: apigateway.AuthorizationType.NONE } : this.guard()),
      });
    this.explainAuthorization(method, route);
    if (route.takesPrompts) this.webAcl?.addPromptPath(route.path);
    return method;
  }

  private guard(): apigateway.MethodOptions {
    this.authorizer ??= this.createAuthorizer();
    return {
      authorizationType: apigateway.AuthorizationType.CUSTOM,
      authorizer: this.authorizer,
      // The key is not presented but named by the authorizer: it makes the usage plan follow the client.
      apiKeyRequired: true,
    };
  }

  private createRestApi(throttle: ApiThrottle, cloudWatchRole: boolean): apigateway.RestApi {
    const api = new apigateway.RestApi(this, 'Api', {
      // The metrics of an API are found by its name: one name for all would mix those of a whole account.
      restApiName: this.node.path.replaceAll('/', '-'),
      endpointConfiguration: { types: [apigateway.EndpointType.REGIONAL] },
      apiKeySourceType: apigateway.ApiKeySourceType.AUTHORIZER,
      cloudWatchRole,
      deployOptions: {
        stageName: API_STAGE,
        accessLogDestination: new apigateway.LogGroupLogDestination(this.accessLogGroup),
        accessLogFormat: ACCESS_LOG_FORMAT,
        tracingEnabled: true,
        metricsEnabled: true,
        // Execution logs would hold headers, and with data trace bodies: prompts and client keys.
        loggingLevel: apigateway.MethodLoggingLevel.OFF,
        dataTraceEnabled: false,
        throttlingRateLimit: throttle.rateLimit,
        throttlingBurstLimit: throttle.burstLimit,
      },
    });
    const resource = api.node.defaultChild as apigateway.CfnRestApi;
    resource.securityPolicy = TLS_POLICY;
    resource.endpointAccessMode = 'STRICT';
    // The stack that uses the construct chooses its own outputs.
    api.node.tryRemoveChild('Endpoint');
    explainLogging(api);
    return api;
  }

  private model(route: ApiRoute, schema: apigateway.JsonSchema): apigateway.Model {
    const name = `${route.method}${route.path}`.replace(/[^A-Za-z0-9]/g, (character) => `x${character.charCodeAt(0)}`);
    return this.restApi.addModel(`Model${name}`, { contentType: 'application/json', schema });
  }

  private explainAuthorization(method: apigateway.Method, route: ApiRoute): void {
    const acknowledgements = Validations.of(method);
    acknowledgements.acknowledge({
      id: 'AwsSolutions-COG4',
      reason: route.isPublic
        ? 'Public by decision of its owner (`isPublic`): it is for callers who have no client key, such as health checks.'
        : 'Clients are programs with rotating keys, not people with passwords: the Lambda authorizer checks the key, and revokes it within its cache time.',
    });
    if (route.isPublic) {
      acknowledgements.acknowledge({
        id: 'AwsSolutions-APIG4',
        reason: 'Public by decision of its owner (`isPublic`); it stays under the throttle of the stage.',
      });
    }
  }
}

function explainLogging(api: apigateway.RestApi): void {
  Validations.of(api.deploymentStage).acknowledge({
    id: 'AwsSolutions-APIG6',
    reason:
      'Execution logs are off because they hold request headers and so client keys; the encrypted access log has request id, client, status and latencies of every request.',
  });
  const role = api.node.tryFindChild('CloudWatchRole');
  if (role) {
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
      reason:
        'The role is the one of the account and Region, so that it must serve the log groups of every API in it; this is the policy that API Gateway documents for it.',
    });
  }
}

/** What the client of the widest plan may ask: a rule over addresses must not refuse it. */
function widestThrottle(plans: readonly ClientPlan[]): ApiThrottle {
  return {
    rateLimit: Math.max(...plans.map(({ _terms }) => _terms.requestsPerSecond)),
    burstLimit: Math.max(...plans.map(({ _terms }) => _terms.burst)),
  };
}
