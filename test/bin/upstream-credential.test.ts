import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ENVIRONMENT_NAMES, ENVIRONMENTS, type Environment, EnvironmentError } from '../../bin/environments';
import { composeService } from '../../bin/service';
import { upstreamCredentialOf } from '../../bin/upstream-credential';
import { EnvironmentKey } from '../../lib/contract/environment-keys';
import { DEVELOPER_FEDERATION_OUTPUT, RotationOutput, StackOutput } from '../../lib/contract/outputs';

const { context } = JSON.parse(readFileSync(join(__dirname, '../../cdk.json'), 'utf8'));

const federation = {
  federationRuleId: 'fdrl_1',
  organizationId: '6f1c7a52-5d1a-4a53-9a1b-2f3c4d5e6f70',
  serviceAccountId: 'svac_1',
};

/** The stacks of prod with some of its settings changed. */
function compose(changes: Partial<Environment>) {
  const { data, service } = composeService(new App({ context }), { ...ENVIRONMENTS.prod, name: 'prod', ...changes });
  const findings = [data, service].flatMap((stack) => new AwsSolutionsChecks().validateScope(stack).violations);
  return { findings, data: Template.fromStack(data), service: Template.fromStack(service) };
}

/** Environment of a function of the service. */
const variablesOf = ({ service }: ReturnType<typeof compose>, id: string) =>
  Object.entries(service.findResources('AWS::Lambda::Function')).find(([logicalId]) => logicalId.startsWith(id))?.[1]
    .Properties.Environment.Variables;

/** Actions of the role of a function of the service. */
function actionsOf({ service }: ReturnType<typeof compose>, id: string): string[] {
  const policies = Object.entries(service.findResources('AWS::IAM::Policy')).filter(([logicalId]) =>
    logicalId.startsWith(`${id}Role`),
  );
  return policies.flatMap(([, { Properties }]) =>
    Properties.PolicyDocument.Statement.flatMap(({ Action }: never) => Action),
  );
}

const READERS = ['ProcessJob', 'CheckReadiness'];

test.each(ENVIRONMENT_NAMES)('the keys of %s take turns', (name) => {
  expect(ENVIRONMENTS[name].upstreamCredential).toBe('keyPool');
});

test('a federated service stores no credential, and its functions may ask for tokens of themselves', () => {
  const composed = compose({ upstreamCredential: 'federated', federation });

  expect(composed.findings).toEqual([]);
  composed.data.resourceCountIs('AWS::SecretsManager::Secret', 0);
  for (const id of READERS) {
    expect(variablesOf(composed, id)).not.toHaveProperty(EnvironmentKey.UPSTREAM_SECRET);
    expect(variablesOf(composed, id)[EnvironmentKey.FEDERATION]).toContain('https://api.anthropic.com/v1/oauth/token');
    expect(actionsOf(composed, id)).toContain('sts:GetWebIdentityToken');
    expect(actionsOf(composed, id)).not.toContain('secretsmanager:GetSecretValue');
  }
  expect(actionsOf(composed, 'SubmitJob')).not.toContain('sts:GetWebIdentityToken');
});

test.each([
  ['the functions alone', {}, 'svac_1'],
  ['people as well', { developerFederation: { ...federation, serviceAccountId: 'svac_people' } }, 'svac_people'],
])('a federated service of %s tells people how to get a token', (_, changes, account) => {
  const { service, findings } = compose({ upstreamCredential: 'federated', federation, ...changes });

  const { Value } = service.findOutputs(DEVELOPER_FEDERATION_OUTPUT)[DEVELOPER_FEDERATION_OUTPUT] ?? {};
  expect(findings).toEqual([]);
  expect(JSON.parse(Value)).toEqual({
    identity: { audience: 'https://api.anthropic.com', lifetimeSeconds: 300, signingAlgorithm: 'RS256' },
    endpoint: {
      ...federation,
      provider: 'anthropic',
      serviceAccountId: account,
      tokenUrl: 'https://api.anthropic.com/v1/oauth/token',
    },
  });
});

test('people may have tokens where the service has a pool, and no function learns of it', () => {
  const composed = compose({ developerFederation: federation });

  composed.service.hasOutput(DEVELOPER_FEDERATION_OUTPUT, { Value: Match.stringLikeRegexp('svac_1') });
  for (const id of READERS) {
    expect(variablesOf(composed, id)).not.toHaveProperty(EnvironmentKey.FEDERATION);
    expect(actionsOf(composed, id)).not.toContain('sts:GetWebIdentityToken');
  }
  expect(compose({}).service.findOutputs(DEVELOPER_FEDERATION_OUTPUT)).toEqual({});
});

test('names of a federation for people are checked as those for functions are', () => {
  expect(() => compose({ developerFederation: { ...federation, federationRuleId: 'rule' } })).toThrow(
    '`federationRuleId` must begin with `fdrl_`, got: rule',
  );
});

test('a static credential is one secret, which its readers read as long as they may by default', () => {
  const composed = compose({ upstreamCredential: 'static' });

  expect(composed.findings).toEqual([]);
  composed.data.resourceCountIs('AWS::SecretsManager::Secret', 1);
  composed.data.resourceCountIs('AWS::SecretsManager::RotationSchedule', 0);
  composed.data.hasOutput(StackOutput.UPSTREAM_SECRET, {});
  for (const id of READERS) {
    expect(variablesOf(composed, id)).toHaveProperty(EnvironmentKey.UPSTREAM_SECRET);
    expect(variablesOf(composed, id)).not.toHaveProperty(EnvironmentKey.SECRET_CACHE_MS);
    expect(variablesOf(composed, id)).not.toHaveProperty(EnvironmentKey.SECRET_MAX_STALE_MS);
  }
});

test('a pool rotates by the Admin API of the environment, within its cache and its grace', () => {
  const upstreamAdminUrl = 'https://admin.example.com';
  const composed = compose({ upstreamAdminUrl, secretCacheSeconds: 60, keyGraceSeconds: 360 });

  const [rotator] = Object.values(composed.data.findResources('AWS::Lambda::Function'));
  expect(rotator?.Properties.Environment.Variables).toMatchObject({ [EnvironmentKey.ROTATION_GRACE_MS]: '360000' });
  expect(JSON.stringify(rotator)).toContain(upstreamAdminUrl);
  expect(variablesOf(composed, 'ProcessJob')).toMatchObject({
    [EnvironmentKey.SECRET_CACHE_MS]: '60000',
    [EnvironmentKey.SECRET_MAX_STALE_MS]: '0',
  });
  for (const name of Object.values(RotationOutput)) composed.data.hasOutput(name, {});
});

test('administrators alone write the three secrets, where any are named', () => {
  const administrator = 'arn:aws:iam::777788889999:role/on-call';
  const { data, service } = compose({ secretAdministrators: [administrator] });
  const policies = [data, service].flatMap((template) =>
    Object.values(template.findResources('AWS::SecretsManager::ResourcePolicy')),
  );

  expect(policies).toHaveLength(3);
  for (const { Properties } of policies) {
    const [, writing] = Properties.ResourcePolicy.Statement;
    expect(writing.Sid).toBe('DenyWritingToOthers');
    expect(writing.Condition.StringNotEquals['aws:PrincipalArn']).toContain(administrator);
  }
});

test('people who are named read the credential, and not what it is renewed from', () => {
  const reader = 'arn:aws:iam::777788889999:role/developer';
  const { data, service } = compose({ secretReaders: [reader] });
  const named = (template: Template) =>
    Object.values(template.findResources('AWS::SecretsManager::ResourcePolicy')).map(({ Properties }) =>
      Properties.ResourcePolicy.Statement[0].Condition.StringNotEquals['aws:PrincipalArn'].includes(reader),
    );

  expect(named(service)).toEqual([true]);
  expect(named(data)).toEqual([false, false]);
});

test('a federated credential without the names of a federation is refused', () => {
  const environment: Environment = { ...ENVIRONMENTS.dev, name: 'dev', upstreamCredential: 'federated' };

  expect(() => upstreamCredentialOf(environment)).toThrow(
    new EnvironmentError('environment dev: `federation` is missing'),
  );
});
