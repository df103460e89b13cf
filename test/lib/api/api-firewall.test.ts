import { App, Duration, Stack, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { AwsSolutionsChecks } from 'cdk-nag';
import {
  ApiFirewall,
  type ApiRoute,
  ClientPlan,
  GuardedApi,
  type GuardedApiProps,
  StandardFunction,
} from '../../../lib';
import { evaluate, type WafRule } from './waf-model';

const { POST, PUT, GET } = lambda.HttpMethod;
const code = lambda.Code.fromInline('exports.handler = async () => ({ statusCode: 204 });');
const EXISTING = 'arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/shared/473e64fd-f30b-4765-81a0-62ad96dd167a';

function apiWith(props: Partial<GuardedApiProps> = {}, routes: Partial<ApiRoute>[] = []) {
  const stack = new Stack(new App(), 'shop', { env: { account: '111122223333', region: 'eu-west-1' } });
  const handler = new StandardFunction(stack, 'Handler', { code });
  const api = new GuardedApi(stack, 'Api', { authorizer: handler, ...props });
  api.addRoute({ method: POST, path: '/v1/usage', handler });
  for (const route of routes) api.addRoute({ method: POST, path: '/v1/jobs', handler, ...route });
  return { stack, api, template: Template.fromStack(stack) };
}

const rulesOf = (template: Template): WafRule[] =>
  Object.values(template.findResources('AWS::WAFv2::WebACL'))[0]?.Properties.Rules;
const rateOf = (props: Partial<GuardedApiProps>) =>
  rulesOf(apiWith(props).template).find(({ Name }) => Name === 'RatePerAddress')?.Statement.RateBasedStatement?.Limit;
const foundBy = (stack: Stack) =>
  new AwsSolutionsChecks().validateScope(stack).violations.map(({ ruleName }) => ruleName);

/** Why the stage's findings are acknowledged, by rule. */
const reasonsOf = (api: GuardedApi): Record<string, string> =>
  Object.assign(
    {},
    ...api.restApi.deploymentStage.node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .map(({ data }) => data),
  );

describe('by default', () => {
  const { stack, api, template } = apiWith({}, [{ takesPrompts: true }]);
  const prompt = `${'x'.repeat(100_000)}<script>' or '1'='1`;
  const ask = (uri: string, body: string) =>
    evaluate(rulesOf(template), { uri, body, headers: { 'user-agent': 'client' } }).action;

  test('a web ACL of its own stands before the stage', () => {
    const [acl] = Object.keys(template.findResources('AWS::WAFv2::WebACL'));
    const [stage] = Object.keys(template.findResources('AWS::ApiGateway::Stage'));
    template.hasResourceProperties('AWS::WAFv2::WebACLAssociation', {
      WebACLArn: { 'Fn::GetAtt': [acl, 'Arn'] },
      ResourceArn: { 'Fn::Join': ['', Match.arrayWith([{ Ref: stage }])] },
    });
    expect(api.webAcl).toBeDefined();
  });

  test('cdk-nag has nothing to ask, and nothing is acknowledged for it', () => {
    expect(foundBy(stack)).toEqual([]);
    expect(Object.keys(reasonsOf(api)).filter((id) => id.includes('APIG3'))).toEqual([]);
  });

  test('a long prompt with queries and scripts passes on the route that takes prompts, and on no other', () => {
    expect([ask('/api/v1/jobs', prompt), ask('/api/v1/usage', prompt)]).toEqual(['ALLOW', 'BLOCK']);
    expect([ask('/api/v1/jobs', prompt.slice(-40)), ask('/api/v1/usage', prompt.slice(-40))]).toEqual([
      'ALLOW',
      'BLOCK',
    ]);
  });

  test('no route takes prompts unless it says so', () => {
    expect(rulesOf(apiWith({}, [{}]).template).map(({ Name }) => Name)).not.toContain('Prompts');
  });
});

describe('ApiFirewall.managed', () => {
  test.each<[string, Partial<GuardedApiProps>, number]>([
    ['a client’s own throttle, where that is more', {}, 10 * 300 + 20],
    ['2000 at least', { plans: [new ClientPlan({ name: 'standard', requestsPerSecond: 1, burst: 1 })] }, 2000],
    [
      'the throttle over another window',
      { firewall: ApiFirewall.managed({ rateWindow: Duration.minutes(10) }) },
      10 * 600 + 20,
    ],
    ['what is given', { firewall: ApiFirewall.managed({ rateLimit: 100 }) }, 100],
  ])('lets an address ask %s', (_, props, limit) => {
    expect(rateOf(props)).toBe(limit);
  });

  test('keeps its log as long as the access log, under the same key, and under a name of its own', () => {
    const stack = new Stack(new App(), 'shop');
    const handler = new StandardFunction(stack, 'Handler', { code });
    const encryptionKey = new kms.Key(stack, 'Key');
    const accessLog = { encryptionKey, retention: RetentionDays.ONE_DAY, logGroupName: 'access' };
    new GuardedApi(stack, 'Api', { authorizer: handler, accessLog }).addRoute({ method: GET, path: '/a', handler });
    const [key] = Object.keys(Template.fromStack(stack).findResources('AWS::KMS::Key')).filter((id) =>
      id.startsWith('Key'),
    );
    Template.fromStack(stack).hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: Match.stringLikeRegexp('^aws-waf-logs-'),
      RetentionInDays: 1,
      KmsKeyId: { 'Fn::GetAtt': [key, 'Arn'] },
    });
  });

  test('takes paths beside those of the routes', () => {
    const { template } = apiWith({ firewall: ApiFirewall.managed({ promptPaths: ['/v2/chat'] }) }, [
      { takesPrompts: true },
      { method: PUT, takesPrompts: true },
    ]);
    const patterns = JSON.stringify(rulesOf(template)[0]).match(/"RegexString":"[^"]+"/g);
    expect(patterns).toEqual(['"RegexString":"^(/[^/]+)?/v2/chat$"', '"RegexString":"^(/[^/]+)?/v1/jobs$"']);
  });
});

test('ApiFirewall.existing puts that web ACL before the stage, and makes none', () => {
  const { stack, api, template } = apiWith({ firewall: ApiFirewall.existing(EXISTING) }, [{ takesPrompts: true }]);
  template.resourceCountIs('AWS::WAFv2::WebACL', 0);
  template.resourceCountIs('AWS::WAFv2::LoggingConfiguration', 0);
  template.hasResourceProperties('AWS::WAFv2::WebACLAssociation', { WebACLArn: EXISTING });
  expect(foundBy(stack)).toEqual([]);
  expect(api.webAcl).toBeUndefined();
});

test('ApiFirewall.none puts nothing before the stage, and answers cdk-nag with the reason', () => {
  const reason = 'A web ACL of the edge stands before it.';
  const { stack, api, template } = apiWith({ firewall: ApiFirewall.none(reason) }, [{ takesPrompts: true }]);
  for (const type of ['WebACL', 'WebACLAssociation', 'LoggingConfiguration']) {
    template.resourceCountIs(`AWS::WAFv2::${type}`, 0);
  }
  expect(foundBy(stack)).toEqual([]);
  expect(Object.values(reasonsOf(api))).toContain(reason);
});

test.each<[Partial<GuardedApiProps>, string]>([
  [{ firewall: ApiFirewall.none('') }, '`firewall` must say why in at least 5 words, got: ""'],
  [
    { firewall: ApiFirewall.none('we need none here') },
    '`firewall` must say why in at least 5 words, got: "we need none here"',
  ],
  [{ firewall: ApiFirewall.existing('shared') }, '`firewall` must be the ARN of a Regional web ACL, got: shared'],
  [
    { firewall: ApiFirewall.existing(EXISTING.replace('regional', 'global')) },
    `\`firewall\` must be the ARN of a Regional web ACL, got: ${EXISTING.replace('regional', 'global')}`,
  ],
  [
    { firewall: ApiFirewall.managed({ rateLimit: 9, rateWindow: Duration.minutes(3) }), plans: [] },
    '`plans` must have one that is named standard, got: none; `firewall.rateLimit` must be an integer between 10 and 2000000000, got: 9; `firewall.rateWindow` must be 60, 120, 300 or 600 seconds, got: 180',
  ],
])('%# is refused', (props, problems) => {
  expect(() => apiWith(props)).toThrow(new Error(`shop/Api: ${problems}`));
});

test('a reason of five words is accepted', () => {
  expect(() => apiWith({ firewall: ApiFirewall.none('another one stands before it') })).not.toThrow();
});

test('only a route with a body takes prompts', () => {
  expect(() => apiWith({}, [{ method: GET, path: '/x', takesPrompts: true }])).toThrow(
    new Error('shop/Api/GET /x: `takesPrompts` is only for POST, PUT and PATCH, got: GET'),
  );
});
