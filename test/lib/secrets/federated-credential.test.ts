import { App, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks } from 'cdk-nag';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import { StandardFunction } from '../../../lib/functions/standard-function';
import {
  FederatedCredential,
  type FederatedCredentialProps,
  IdentityTokenAlgorithm,
} from '../../../lib/secrets/federated-credential';
import {
  type AnthropicFederationProps,
  FederatedProvider,
  type OpenAiFederationProps,
} from '../../../lib/secrets/federated-provider';

const ANTHROPIC: AnthropicFederationProps = {
  federationRuleId: 'fdrl_rule',
  organizationId: '00000000-0000-4000-8000-000000000001',
  serviceAccountId: 'svac_account',
};
const OPEN_AI: OpenAiFederationProps = { identityProviderId: 'idp_1', serviceAccountId: 'user-1' };

let stack: Stack;
beforeEach(() => {
  stack = new Stack(new App(), 'Service');
});

const credential = (props: Partial<FederatedCredentialProps> = {}) =>
  new FederatedCredential(stack, 'Upstream', { provider: FederatedProvider.anthropic(ANTHROPIC), ...props });
const consumer = (id = 'Consumer') =>
  new StandardFunction(stack, id, { code: lambda.Code.fromInline('exports.handler = () => {}') });
const settingsOf = ({ environment }: FederatedCredential) => JSON.parse(environment[EnvironmentKey.FEDERATION] ?? '');

test('lets a function ask for tokens of its audience and lifetime, and for no others', () => {
  credential().connect(consumer());

  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: [
        {
          Effect: 'Allow',
          Action: 'sts:GetWebIdentityToken',
          Resource: '*',
          Condition: {
            'ForAllValues:StringEquals': { 'sts:IdentityTokenAudience': ['https://api.anthropic.com'] },
            Null: { 'sts:IdentityTokenAudience': 'false' },
            NumericLessThanEquals: { 'sts:DurationSeconds': 300 },
          },
        },
      ],
    },
  });
});

test('stores no secret, and its right is a policy of its own, of which there is one however often it is granted', () => {
  const upstream = credential();
  const reader = consumer();
  upstream.connect(reader);
  expect(upstream.grant(reader)).toBe(upstream.grant(reader));

  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::SecretsManager::Secret', 0);
  const policies = template.findResources('AWS::IAM::Policy', {
    Properties: {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 'sts:GetWebIdentityToken' })]) },
    },
  });
  expect(Object.values(policies).map(({ Properties }) => Properties.PolicyDocument.Statement.length)).toEqual([1]);
});

test('tells a function of Anthropic how to get its token', () => {
  const provider = FederatedProvider.anthropic({ ...ANTHROPIC, workspaceId: 'default', audience: 'of-the-rule' });
  credential({ provider }).connect(consumer());

  const [environment] = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function')).map(
    ({ Properties }) => Properties.Environment.Variables,
  );
  expect(JSON.parse(environment[EnvironmentKey.FEDERATION])).toEqual({
    identity: { audience: 'of-the-rule', lifetimeSeconds: 300, signingAlgorithm: 'RS256' },
    endpoint: {
      provider: 'anthropic',
      tokenUrl: 'https://api.anthropic.com/v1/oauth/token',
      ...ANTHROPIC,
      workspaceId: 'default',
    },
  });
});

test('tells a function of OpenAI how to get its token', () => {
  const algorithm = IdentityTokenAlgorithm.ES384;
  const identityTokenLifetime = Duration.minutes(1);

  expect(
    settingsOf(credential({ provider: FederatedProvider.openAi(OPEN_AI), algorithm, identityTokenLifetime })),
  ).toEqual({
    identity: { audience: 'https://api.openai.com/v1', lifetimeSeconds: 60, signingAlgorithm: 'ES384' },
    endpoint: { provider: 'openai', tokenUrl: 'https://auth.openai.com/oauth/token', ...OPEN_AI },
  });
});

test('two credentials of one role are two policies', () => {
  const reader = consumer();
  credential().grant(reader);
  new FederatedCredential(stack, 'Other', { provider: FederatedProvider.openAi(OPEN_AI) }).grant(reader);

  const statements = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy')).flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement,
  );
  const audiences = statements
    .filter(({ Action }) => Action === 'sts:GetWebIdentityToken')
    .map(({ Condition }) => Condition['ForAllValues:StringEquals']['sts:IdentityTokenAudience']);
  expect(audiences.sort()).toEqual([['https://api.anthropic.com'], ['https://api.openai.com/v1']]);
});

test('says every bad prop of Anthropic at once', () => {
  const provider = FederatedProvider.anthropic({
    federationRuleId: 'rule',
    organizationId: 'org',
    serviceAccountId: 'account',
    workspaceId: 'mine',
    audience: '',
    tokenUrl: 'http://api.anthropic.com/v1/oauth/token',
  });

  expect(() => credential({ provider, identityTokenLifetime: Duration.seconds(59) })).toThrow(
    'Service/Upstream: `identityTokenLifetime` must be between 60 and 3600 whole seconds, got: 59 seconds; ' +
      '`audience` must have 1 to 1000 characters, got: ; ' +
      '`tokenUrl` must be an `https:` URL, or one of this machine, got: http://api.anthropic.com/v1/oauth/token; ' +
      '`federationRuleId` must begin with `fdrl_`, got: rule; ' +
      '`organizationId` must be a UUID, got: org; ' +
      '`serviceAccountId` must begin with `svac_`, got: account; ' +
      '`workspaceId` must begin with `wrkspc_` or be `default`, got: mine',
  );
});

test('says every bad prop of OpenAI at once', () => {
  const provider = FederatedProvider.openAi({ identityProviderId: '', serviceAccountId: 'a b', tokenUrl: 'https://' });

  expect(() => credential({ provider, identityTokenLifetime: Duration.minutes(61) })).toThrow(
    'Service/Upstream: `identityTokenLifetime` must be between 60 and 3600 whole seconds, got: 3660 seconds; ' +
      '`tokenUrl` must be an `https:` URL, or one of this machine, got: https://; ' +
      '`identityProviderId` must be an id, got: ; ' +
      '`serviceAccountId` must be an id, got: a b',
  );
});

test.each([60, 3_600])('takes a lifetime of %d seconds', (seconds) => {
  const upstream = credential({ identityTokenLifetime: Duration.seconds(seconds) });

  expect(settingsOf(upstream).identity.lifetimeSeconds).toBe(seconds);
});

test.each(['http://127.0.0.1:4000/token', 'http://localhost:4000/token'])(
  'takes %s, which leaves no machine',
  (tokenUrl) => {
    expect(() => credential({ provider: FederatedProvider.anthropic({ ...ANTHROPIC, tokenUrl }) })).not.toThrow();
  },
);

test('refuses a grantee without a role', () => {
  expect(() => credential().grant(new iam.ServicePrincipal('lambda.amazonaws.com'))).toThrow(
    'Service/Upstream: `grantee` must be a role of this app or have one, got: ServicePrincipal(lambda.amazonaws.com)',
  );
});

test('leaves the AwsSolutions pack nothing to find', () => {
  credential().connect(consumer());

  const errors = new AwsSolutionsChecks()
    .validateScope(stack)
    .violations.filter(({ severity }) => severity === 'error');
  expect(errors).toEqual([]);
});
