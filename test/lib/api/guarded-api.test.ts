import { App, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { JsonSchemaType } from 'aws-cdk-lib/aws-apigateway';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks } from 'cdk-nag';
import { type ApiRoute, GuardedApi, type GuardedApiProps, StandardFunction } from '../../../lib';

const { GET, POST, ALL } = lambda.HttpMethod;
const code = lambda.Code.fromInline('exports.handler = async () => ({ statusCode: 204 });');
let stack: Stack;
let handler: StandardFunction;

beforeEach(() => {
  stack = new Stack(new App(), 'shop', { env: { account: '111122223333', region: 'eu-west-1' } });
  handler = new StandardFunction(stack, 'Handler', { code });
});

/** An API with a guarded route, and another one where given. */
function apiWith(props: Partial<GuardedApiProps> = {}, route?: Partial<ApiRoute>): Template {
  const authorizer = new StandardFunction(stack, 'Authorize', { code });
  const api = new GuardedApi(stack, 'Api', { authorizer, ...props });
  api.addRoute({ method: POST, path: '/orders', handler });
  if (route) {
    api.addRoute({ method: POST, path: '/other', handler, ...route });
  }
  return Template.fromStack(stack);
}

describe('GuardedApi', () => {
  test('is Regional, speaks TLS 1.3 only, and knows usage keys from its authorizer', () => {
    apiWith().hasResourceProperties('AWS::ApiGateway::RestApi', {
      EndpointConfiguration: { Types: ['REGIONAL'] },
      SecurityPolicy: 'SecurityPolicy_TLS13_1_3_2025_09',
      EndpointAccessMode: 'STRICT',
      ApiKeySourceType: 'AUTHORIZER',
    });
  });

  test('asks the authorizer by the Authorization header and reuses its answer for a minute', () => {
    apiWith().hasResourceProperties('AWS::ApiGateway::Authorizer', {
      Type: 'REQUEST',
      IdentitySource: 'method.request.header.Authorization',
      AuthorizerResultTtlInSeconds: 60,
    });
  });

  test('throttles and traces the stage and writes no execution log', () => {
    apiWith().hasResourceProperties('AWS::ApiGateway::Stage', {
      StageName: 'api',
      TracingEnabled: true,
      MethodSettings: [
        {
          HttpMethod: '*',
          ResourcePath: '/*',
          LoggingLevel: 'OFF',
          DataTraceEnabled: false,
          MetricsEnabled: true,
          ThrottlingRateLimit: 100,
          ThrottlingBurstLimit: 200,
        },
      ],
    });
  });

  test('takes throttle and cache time of the caller', () => {
    const template = apiWith({
      stageThrottle: { rateLimit: 3, burstLimit: 4 },
      authorizerCacheTtl: Duration.seconds(0),
    });

    template.hasResourceProperties('AWS::ApiGateway::Stage', {
      MethodSettings: [Match.objectLike({ ThrottlingRateLimit: 3, ThrottlingBurstLimit: 4 })],
    });
    template.hasResourceProperties('AWS::ApiGateway::Authorizer', { AuthorizerResultTtlInSeconds: 0 });
  });

  test('writes an encrypted access log that holds no header, body or key', () => {
    const template = apiWith();

    template.hasResourceProperties('AWS::Logs::LogGroup', { KmsKeyId: Match.anyValue(), RetentionInDays: 90 });
    const [stage] = Object.values(template.findResources('AWS::ApiGateway::Stage'));
    expect(JSON.stringify(stage?.Properties.AccessLogSetting.DestinationArn)).toContain('ApiAccessLog');
    const format: Record<string, string> = JSON.parse(stage?.Properties.AccessLogSetting.Format);
    expect(format).toMatchObject({
      requestId: '$context.requestId',
      principalId: '$context.authorizer.principalId',
      status: '$context.status',
      latencyMs: '$context.responseLatency',
      integrationStatus: '$context.integration.status',
      wafResponse: '$context.wafResponseCode',
    });
    expect(Object.values(format).filter((value) => /header|body|key|token|querystring|\.path$/i.test(value))).toEqual(
      [],
    );
  });

  test('sets the log role of the account before the stage', () => {
    const template = apiWith();
    const [account] = Object.keys(template.findResources('AWS::ApiGateway::Account'));
    template.hasResource('AWS::ApiGateway::Stage', { DependsOn: [account] });
  });

  test('leaves the log role of the account alone where it has one', () => {
    const template = apiWith({ setAccountLogRole: false });

    template.resourceCountIs('AWS::ApiGateway::Account', 0);
    template.hasResource('AWS::ApiGateway::Stage', { DependsOn: Match.absent() });
  });

  test('leaves the AwsSolutions pack nothing to find', () => {
    apiWith({}, { isPublic: true });

    expect(new AwsSolutionsChecks().validateScope(stack).violations).toEqual([]);
  });

  test.each<[Partial<GuardedApiProps>]>([
    [{ stageThrottle: { rateLimit: 1, burstLimit: 1 } }],
    [{ stageThrottle: { rateLimit: 10_000, burstLimit: 5_000 } }],
    [{ authorizerCacheTtl: Duration.seconds(3600) }],
  ])('accepts %j at the bound', (props) => {
    expect(() => apiWith(props)).not.toThrow();
  });

  test.each<[Partial<GuardedApiProps>, string]>([
    [
      { stageThrottle: { rateLimit: 0, burstLimit: 0 } },
      '`stageThrottle.rateLimit` must be an integer between 1 and 10000, got: 0; `stageThrottle.burstLimit` must be an integer between 1 and 5000, got: 0',
    ],
    [{ authorizerCacheTtl: Duration.seconds(3601) }, '`authorizerCacheTtl` must be at most 3600 seconds, got: 3601'],
  ])('refuses %j', (props, problems) => {
    expect(() => apiWith(props)).toThrow(new Error(`shop/Api: ${problems}`));
  });
});

describe('GuardedApi.addRoute', () => {
  test('makes an authorizer only where a route needs one', () => {
    const authorizer = new StandardFunction(stack, 'Authorize', { code });
    new GuardedApi(stack, 'Api', { authorizer }).addRoute({ method: GET, path: '/health', handler, isPublic: true });

    Template.fromStack(stack).resourceCountIs('AWS::ApiGateway::Authorizer', 0);
  });

  test('needs a client that the authorizer knows and whose usage key is in the plan', () => {
    const template = apiWith();

    const [authorizer] = Object.keys(template.findResources('AWS::ApiGateway::Authorizer'));
    template.hasResourceProperties('AWS::ApiGateway::Method', {
      HttpMethod: 'POST',
      AuthorizationType: 'CUSTOM',
      AuthorizerId: { Ref: authorizer },
      ApiKeyRequired: true,
      Integration: { Type: 'AWS_PROXY' },
    });
  });

  test('needs nobody where it is public', () => {
    apiWith({}, { method: GET, isPublic: true }).hasResourceProperties('AWS::ApiGateway::Method', {
      HttpMethod: 'GET',
      AuthorizationType: 'NONE',
      AuthorizerId: Match.absent(),
      ApiKeyRequired: Match.absent(),
    });
  });

  test('checks a JSON body against the schema', () => {
    const template = apiWith({}, { schema: { type: JsonSchemaType.OBJECT, required: ['item'] } });

    const [validator] = Object.keys(template.findResources('AWS::ApiGateway::RequestValidator'));
    const [model] = Object.keys(template.findResources('AWS::ApiGateway::Model'));
    template.hasResourceProperties('AWS::ApiGateway::RequestValidator', {
      ValidateRequestBody: true,
      ValidateRequestParameters: true,
    });
    template.hasResourceProperties('AWS::ApiGateway::Model', {
      ContentType: 'application/json',
      Schema: { $schema: 'http://json-schema.org/draft-04/schema#', type: 'object', required: ['item'] },
    });
    template.hasResourceProperties('AWS::ApiGateway::Method', {
      RequestValidatorId: { Ref: validator },
      RequestModels: { 'application/json': { Ref: model } },
    });
  });

  test.each(['/other', '/v1/orders/{id}', '/files/{path+}', '/a.b/c-d/e_f/g:h/$i'])('accepts the path %s', (path) => {
    expect(() => apiWith({}, { path })).not.toThrow();
  });

  test.each<[Partial<ApiRoute>, string]>([
    [{ path: 'orders' }, 'POST orders: `path` must be like `/v1/jobs/{id}`, got: orders'],
    [{ path: '/' }, 'POST /: `path` must be like `/v1/jobs/{id}`, got: /'],
    [{ path: '/orders/' }, 'POST /orders/: `path` must be like `/v1/jobs/{id}`, got: /orders/'],
    [{ path: '/a b' }, 'POST /a b: `path` must be like `/v1/jobs/{id}`, got: /a b'],
    [{ method: ALL }, '* /other: `method` must be one method, got: HttpMethod.ALL'],
    [
      { method: GET, path: '//', schema: {} },
      'GET //: `path` must be like `/v1/jobs/{id}`, got: //; `schema` is only for POST, PUT and PATCH, got: GET',
    ],
  ])('refuses %j', (route, problems) => {
    expect(() => apiWith({}, route)).toThrow(new Error(`shop/Api/${problems}`));
  });
});
