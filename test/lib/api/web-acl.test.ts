import { App, Duration, Size, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { WebAcl, type WebAclProps } from '../../../lib';
import { ConstructConfigError } from '../../../lib/config-error';
import { evaluate, SIMULATED_BODY_RULES, type WafRequest, type WafRule } from './waf-model';

function aclWith(props: WebAclProps = {}, stages = 1): Template {
  const stack = new Stack(new App(), 'shop', { env: { account: '111122223333', region: 'eu-west-1' } });
  const acl = new WebAcl(stack, 'Firewall', props);
  for (let index = 0; index < stages; index += 1) {
    const api = new apigateway.RestApi(stack, `Api${index}`);
    api.root.addMethod('GET', new apigateway.MockIntegration());
    acl.protect(api.deploymentStage);
  }
  return Template.fromStack(stack);
}

const rulesOf = (template: Template): WafRule[] =>
  Object.values(template.findResources('AWS::WAFv2::WebACL'))[0]?.Properties.Rules;

const PROMPTS = rulesOf(aclWith({ promptPaths: ['/v1/jobs', '/v1/chats/{id}', '/v1/files/{path+}'] }));
const BROWSER = { 'user-agent': 'client/1.0' };
const ask = (uri: string, body?: string, more: Partial<WafRequest> = {}) =>
  evaluate(PROMPTS, { uri, body, headers: BROWSER, ...more });

const LOOKUP = '$\x7bjndi:ldap://x}';
const LONG = 'x'.repeat(200_000);
const HOSTILE = {
  script: '<script>alert(1)</script>',
  sql: "SELECT * FROM users WHERE name = '' or '1'='1' UNION SELECT 1",
  schema: 'SELECT table_name FROM information_schema.tables',
  traversal: 'cat ../../etc/passwd',
  address: 'curl http://10.0.0.1/run',
  metadata: 'GET http://169.254.169.254/latest',
  jndi: LOOKUP,
  java: 'T(java.lang.Runtime)',
  react: '{"_formData":1}',
  oversize: LONG,
};

describe('on the paths of prompts', () => {
  test.each(['/api/v1/jobs', '/v1/jobs', '/prod/v1/jobs', '/api/v1/chats/42', '/api/v1/files/a/b.txt'])(
    '%s lets a long prompt with queries, scripts and all through, and labels it',
    (uri) => {
      const { action, labels, counted } = ask(uri, Object.values(HOSTILE).join('\n').slice(0, 400) + LONG);
      expect(action).toBe('ALLOW');
      expect(labels).toContain('awswaf:111122223333:webacl:acl:bulwark:prompt');
      expect(labels).toContain('awswaf:managed:aws:core-rule-set:SizeRestrictions_Body');
      expect(labels).toContain('awswaf:managed:aws:core-rule-set:CrossSiteScripting_Body');
      expect(labels).toContain('awswaf:managed:aws:sql-database:SQLi_Body');
      expect(counted).toEqual(expect.arrayContaining(SIMULATED_BODY_RULES));
    },
  );

  test.each<[string, Partial<WafRequest>, string]>([
    ['an address of ill repute', { headers: { ...BROWSER, 'x-test-reputation': 'bad' } }, 'IpReputation'],
    ['too many requests', { requestsOfAddress: 2001 }, 'RatePerAddress'],
    ['a script in the query', { query: 'a=<script>' }, 'Common'],
    ['a query in the query', { query: "a=' or '1'='1" }, 'SqlInjection'],
    ['a scanner', { headers: { 'user-agent': 'nmap' } }, 'Common'],
    ['a lookup in a header', { headers: { ...BROWSER, referer: LOOKUP } }, 'KnownBadInputs'],
  ])('%s is blocked all the same', (_, more, by) => {
    expect(ask('/api/v1/jobs', 'hello', more)).toMatchObject({ action: 'BLOCK', by });
  });

  test('an address may ask as much as the limit', () => {
    expect(ask('/api/v1/jobs', 'hello', { requestsOfAddress: 2000 }).action).toBe('ALLOW');
  });

  test('a client without a User-Agent is counted and let through, here and elsewhere', () => {
    for (const uri of ['/api/v1/jobs', '/api/health']) {
      expect(ask(uri, undefined, { headers: {} })).toMatchObject({ action: 'ALLOW' });
      expect(ask(uri, undefined, { headers: {} }).counted).toContain('NoUserAgent_HEADER');
    }
  });
});

describe('elsewhere', () => {
  const elsewhere = [
    '/api/v1/usage',
    '/v1/usage',
    '/api/v1/jobs/',
    '/api/v1/jobs/42',
    '/api/v1/jobsx',
    '/api/v1/JOBS',
    '/api/x/v1/jobs',
    '/api/v1%2Fjobs',
    '/api/v1/./jobs',
    '/api/v1/chats/',
    '/api/v1/chats/42/more',
    '/api/v1/files/',
    '/',
  ];

  test.each(elsewhere)('%s refuses every body that looks like an attack', (uri) => {
    for (const [name, body] of Object.entries(HOSTILE)) {
      const by = name === 'oversize' ? 'OversizeBody' : 'HostileBody';
      expect([name, ask(uri, body)]).toEqual([name, expect.objectContaining({ action: 'BLOCK', by })]);
    }
  });

  test('a body of 8192 bytes passes, and one more byte does not', () => {
    expect(ask('/api/v1/usage', 'x'.repeat(8192)).action).toBe('ALLOW');
    expect(ask('/api/v1/usage', 'x'.repeat(8193))).toMatchObject({ action: 'BLOCK', by: 'OversizeBody' });
  });

  test('an ordinary request passes', () => {
    expect(ask('/api/v1/usage', '{"from":"2026-11-01"}')).toEqual({ action: 'ALLOW', labels: [], counted: [] });
  });
});

test('without a path of prompts every body that looks like an attack is refused', () => {
  const rules = rulesOf(aclWith());
  expect(rules.map(({ Name }) => Name)).not.toContain('Prompts');
  for (const body of Object.values(HOSTILE)) {
    expect(evaluate(rules, { uri: '/api/v1/jobs', body, headers: BROWSER }).action).toBe('BLOCK');
  }
});

test('has its rules in their order: what labels first, what reads the labels last', () => {
  expect(PROMPTS.map(({ Name, Priority }) => [Priority, Name])).toEqual([
    [0, 'Prompts'],
    [1, 'RatePerAddress'],
    [2, 'IpReputation'],
    [3, 'Common'],
    [4, 'KnownBadInputs'],
    [5, 'SqlInjection'],
    [6, 'OversizeBody'],
    [7, 'HostileBody'],
  ]);
});

test('says of every rule on the body of AWS’s groups what becomes of it, and of no other rule', () => {
  const overridden = PROMPTS.flatMap(({ Statement }) => Statement.ManagedRuleGroupStatement?.RuleActionOverrides ?? []);
  expect(overridden.map(({ Name }) => Name).sort()).toEqual(['NoUserAgent_HEADER', ...SIMULATED_BODY_RULES].sort());
  expect(overridden.filter(({ ActionToUse }) => !ActionToUse.Count)).toEqual([]);
  const labels = JSON.stringify(PROMPTS.slice(-2)).match(/awswaf:managed:[A-Za-z0-9:_-]+/g) ?? [];
  expect(labels).toHaveLength(SIMULATED_BODY_RULES.length);
  expect(new Set(labels).size).toBe(labels.length);
});

/**
 * Capacity units: 1500 are within the price of a web ACL. Managed groups as their pages say; a text transformation as 10,
 * although NONE may be free. Source: "Web ACL capacity units", AWS WAF developer guide.
 */
function capacityOf(statement: WafRule['Statement'] | undefined): number {
  if (!statement) return 0;
  const groups: Record<string, number> = {
    AWSManagedRulesAmazonIpReputationList: 25,
    AWSManagedRulesCommonRuleSet: 700,
    AWSManagedRulesKnownBadInputsRuleSet: 200,
    AWSManagedRulesSQLiRuleSet: 200,
  };
  const parts = [...(statement.AndStatement?.Statements ?? []), ...(statement.OrStatement?.Statements ?? [])];
  return (
    (statement.ManagedRuleGroupStatement ? (groups[statement.ManagedRuleGroupStatement.Name] ?? Number.NaN) : 0) +
    (statement.RateBasedStatement ? 2 : 0) +
    (statement.LabelMatchStatement ? 1 : 0) +
    (statement.RegexMatchStatement ? 3 + 10 : 0) +
    parts.reduce((sum, part) => sum + capacityOf(part), 0) +
    (statement.NotStatement ? capacityOf(statement.NotStatement.Statement) : 0)
  );
}

test('needs fewer capacity units than the price covers, also with many paths', () => {
  const capacity = (rules: readonly WafRule[]) => rules.reduce((sum, { Statement }) => sum + capacityOf(Statement), 0);
  expect(capacity(rulesOf(aclWith({ promptPaths: ['/v1/jobs'] })))).toBe(1152);
  expect(
    capacity(rulesOf(aclWith({ promptPaths: Array.from({ length: 25 }, (_, index) => `/v1/p${index}`) }))),
  ).toBeLessThan(1500);
});

describe('settings', () => {
  test('are a rate of 2000 in 5 minutes for each address, and 16 KB of a body, unless told otherwise', () => {
    const template = aclWith();
    template.hasResourceProperties('AWS::WAFv2::WebACL', {
      Scope: 'REGIONAL',
      DefaultAction: { Allow: {} },
      AssociationConfig: { RequestBody: { API_GATEWAY: { DefaultSizeInspectionLimit: 'KB_16' } } },
      Rules: Match.arrayWith([
        Match.objectLike({
          Name: 'RatePerAddress',
          Action: { Block: {} },
          Statement: { RateBasedStatement: { AggregateKeyType: 'IP', Limit: 2000, EvaluationWindowSec: 300 } },
        }),
      ]),
    });
  });

  test.each<WebAclProps>([
    { rateLimit: 10, rateWindow: Duration.minutes(1) },
    { rateLimit: 2_000_000_000, rateWindow: Duration.minutes(10) },
    { rateWindow: Duration.minutes(2), inspectedBody: Size.kibibytes(64) },
    { inspectedBody: Size.kibibytes(16) },
    { inspectedBody: Size.kibibytes(32), promptPaths: ['/a.b/$c/{d}'] },
    { log: { logGroupName: 'aws-waf-logs-shop', retention: RetentionDays.ONE_WEEK } },
  ])('%j is accepted', (props) => {
    const { Properties } = Object.values(aclWith(props).findResources('AWS::WAFv2::WebACL'))[0] ?? {};
    const rate = (Properties.Rules as WafRule[]).find(({ Name }) => Name === 'RatePerAddress');
    expect(rate?.Statement.RateBasedStatement).toMatchObject({
      Limit: props.rateLimit ?? 2000,
      EvaluationWindowSec: props.rateWindow?.toSeconds() ?? 300,
    });
    expect(Properties.AssociationConfig.RequestBody.API_GATEWAY.DefaultSizeInspectionLimit).toBe(
      `KB_${props.inspectedBody?.toKibibytes() ?? 16}`,
    );
  });

  test.each<[WebAclProps, string]>([
    [{ rateLimit: 9 }, '`rateLimit` must be an integer between 10 and 2000000000, got: 9'],
    [{ rateLimit: 2_000_000_001 }, '`rateLimit` must be an integer between 10 and 2000000000, got: 2000000001'],
    [{ rateWindow: Duration.seconds(59) }, '`rateWindow` must be 60, 120, 300 or 600 seconds, got: 59'],
    [{ inspectedBody: Size.kibibytes(8) }, '`inspectedBody` must be 16, 32, 48 or 64 KiB, got: 8 KiB'],
    [{ inspectedBody: Size.kibibytes(65) }, '`inspectedBody` must be 16, 32, 48 or 64 KiB, got: 65 KiB'],
    [
      { rateLimit: 1.5, promptPaths: ['v1', '/ok'], log: { logGroupName: 'waf' } },
      '`promptPaths` must be like `/v1/jobs/{id}`, got: v1; `rateLimit` must be an integer between 10 and 2000000000, got: 1.5; `log.logGroupName` must begin with `aws-waf-logs-`, got: waf',
    ],
  ])('%j is refused', (props, problems) => {
    expect(() => aclWith(props)).toThrow(new ConstructConfigError('shop/Firewall', [problems]));
  });

  test('a path with characters of patterns is itself alone', () => {
    const rules = rulesOf(aclWith({ promptPaths: ['/a.b/$c'] }));
    const at = (uri: string) => evaluate(rules, { uri, body: HOSTILE.script, headers: BROWSER }).action;
    expect([at('/api/a.b/$c'), at('/api/axb/$c'), at('/api/a.b/c')]).toEqual(['ALLOW', 'BLOCK', 'BLOCK']);
  });
});

describe('the log', () => {
  const template = aclWith({ promptPaths: ['/v1/jobs'] });

  test('is encrypted, expires, and has a name that WAF writes to', () => {
    template.hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: Match.stringLikeRegexp('^aws-waf-logs-shop-Firewall-?[0-9A-F]{8}$'),
      KmsKeyId: Match.anyValue(),
      RetentionInDays: 90,
    });
    template.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: 'logs.eu-west-1.amazonaws.com' },
            Condition: {
              ArnLike: {
                'kms:EncryptionContext:aws:logs:arn': Match.objectLike({
                  'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp(':log-group:aws-waf-logs-shop')])],
                }),
              },
            },
          }),
        ]),
      },
    });
  });

  test('lets the delivery of this account write into that group, before anything is delivered', () => {
    const [policy] = Object.entries(template.findResources('AWS::Logs::ResourcePolicy'));
    const parts: unknown[] = policy?.[1].Properties.PolicyDocument['Fn::Join'][1];
    const [statement, ...others] = JSON.parse(
      parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part).replace(/[{}"[\]]/g, ''))).join(''),
    ).Statement;
    expect(others).toEqual([]);
    expect(statement).toEqual({
      Effect: 'Allow',
      Principal: { Service: 'delivery.logs.amazonaws.com' },
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: expect.stringMatching(/^Fn::GetAtt:FirewallLog[0-9A-F]{8},Arn$/),
      Condition: {
        StringEquals: { 'aws:SourceAccount': '111122223333' },
        ArnLike: { 'aws:SourceArn': 'arn:Ref:AWS::Partition:logs:eu-west-1:111122223333:*' },
      },
    });
    template.hasResource('AWS::WAFv2::LoggingConfiguration', { DependsOn: [policy?.[0]] });
  });

  test('goes to the group by an ARN without `:*`, which WAF refuses', () => {
    const [logging] = Object.values(template.findResources('AWS::WAFv2::LoggingConfiguration'));
    const destinations = JSON.stringify(logging?.Properties.LogDestinationConfigs);
    expect(destinations).toMatch(/:logs:eu-west-1:111122223333:log-group:/);
    expect(destinations).not.toContain(':*');
  });

  test('has neither a secret header nor a query, nor words of a body in what matched', () => {
    template.hasResourceProperties('AWS::WAFv2::LoggingConfiguration', {
      RedactedFields: [
        { SingleHeader: { Name: 'authorization' } },
        { SingleHeader: { Name: 'x-api-key' } },
        { SingleHeader: { Name: 'cookie' } },
        { QueryString: {} },
      ],
    });
    const protection = (Field: object) => ({
      Field,
      Action: 'SUBSTITUTION',
      ExcludeRuleMatchDetails: false,
      ExcludeRateBasedDetails: false,
    });
    template.hasResourceProperties('AWS::WAFv2::WebACL', {
      DataProtectionConfig: {
        DataProtections: [
          protection({ FieldType: 'BODY' }),
          protection({ FieldType: 'QUERY_STRING' }),
          protection({ FieldType: 'SINGLE_HEADER', FieldKeys: ['authorization', 'x-api-key', 'cookie'] }),
        ],
      },
    });
  });

  test('keeps what was blocked and the prompts that would have been, and not every long prompt', () => {
    const [logging] = Object.values(template.findResources('AWS::WAFv2::LoggingConfiguration'));
    const { DefaultBehavior, Filters } = logging?.Properties.LoggingFilter ?? {};
    expect(DefaultBehavior).toBe('DROP');
    expect(Filters).toHaveLength(1);
    expect(Filters[0]).toMatchObject({ Behavior: 'KEEP', Requirement: 'MEETS_ANY' });
    expect(Filters[0].Conditions[0]).toEqual({ ActionCondition: { Action: 'BLOCK' } });
    const labels = Filters[0].Conditions.slice(1).map(
      ({ LabelNameCondition }: { LabelNameCondition: { LabelName: string } }) => LabelNameCondition.LabelName,
    );
    expect(labels).toHaveLength(SIMULATED_BODY_RULES.length - 1);
    expect(labels).not.toContain('awswaf:managed:aws:core-rule-set:SizeRestrictions_Body');
  });
});

test('stands before every stage that it is put before', () => {
  const template = aclWith({}, 2);
  const associations = Object.values(template.findResources('AWS::WAFv2::WebACLAssociation'));
  const [acl] = Object.keys(template.findResources('AWS::WAFv2::WebACL'));
  expect(associations).toHaveLength(2);
  for (const { Properties } of associations) {
    expect(Properties.WebACLArn).toEqual({ 'Fn::GetAtt': [acl, 'Arn'] });
    expect(JSON.stringify(Properties.ResourceArn)).toMatch(/:apigateway:eu-west-1::\/restapis\/.*\/stages\//);
  }
});
