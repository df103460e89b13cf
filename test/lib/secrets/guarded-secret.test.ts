import { App, CliCredentialsStackSynthesizer, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { GuardedSecret } from '../../../lib/secrets/guarded-secret';

const env = { account: '111122223333', region: 'eu-west-1' };
const newStack = (id = 'vault', app = new App()): Stack => new Stack(app, id, { env });
const newRole = (stack: Stack, id = 'Reader'): iam.Role =>
  new iam.Role(stack, id, { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Principal: unknown;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition: Record<string, Record<string, unknown>>;
}

/** Statements of the one resource policy of a stack. */
function statementsIn(stack: Stack): Statement[] {
  const [policy, ...others] = Object.values(
    Template.fromStack(stack).findResources('AWS::SecretsManager::ResourcePolicy'),
  );
  expect(others).toEqual([]);
  return policy?.Properties.ResourcePolicy.Statement;
}

const principalsOf = (statement?: Statement): unknown => statement?.Condition.StringNotEquals?.['aws:PrincipalArn'];

test('is a random value under a key of its own, which is rotated', () => {
  const stack = newStack();
  new GuardedSecret(stack, 'Admin');

  const template = Template.fromStack(stack);
  template.hasResource('AWS::SecretsManager::Secret', {
    Properties: {
      KmsKeyId: Match.anyValue(),
      GenerateSecretString: { SecretStringTemplate: '{}', GenerateStringKey: 'apiKey', ExcludePunctuation: true },
      ReplicaRegions: Match.absent(),
    },
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
  });
  template.hasResource('AWS::KMS::Key', { Properties: { EnableKeyRotation: true }, DeletionPolicy: 'Retain' });
});

test('takes a key, a first value and a removal policy that it is given', () => {
  const stack = newStack();
  const encryptionKey = new kms.Key(stack, 'Shared');
  const firstValue = { secretStringTemplate: '{"keys":[]}', generateStringKey: 'unused' };
  new GuardedSecret(stack, 'Pool', { encryptionKey, firstValue, removalPolicy: RemovalPolicy.DESTROY });

  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::KMS::Key', 1);
  template.hasResource('AWS::SecretsManager::Secret', {
    Properties: { GenerateSecretString: { SecretStringTemplate: '{"keys":[]}', GenerateStringKey: 'unused' } },
    DeletionPolicy: 'Delete',
  });
});

test('denies its value to everybody where nobody is named', () => {
  const stack = newStack();
  new GuardedSecret(stack, 'Admin');

  const [reading, plainHttp, ...others] = statementsIn(stack);
  expect(others).toEqual([]);
  expect(reading).toEqual({
    Sid: 'DenyReadingToOthers',
    Effect: 'Deny',
    Principal: { AWS: '*' },
    Action: 'secretsmanager:GetSecretValue',
    Resource: '*',
  });
  expect(plainHttp).toEqual({
    Sid: 'DenyPlainHttp',
    Effect: 'Deny',
    Principal: { AWS: '*' },
    Action: 'secretsmanager:*',
    Resource: '*',
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  });
});

test('denies its value to all but the very roles that read it', () => {
  const stack = newStack();
  const secret = new GuardedSecret(stack, 'Admin');
  for (const id of ['One', 'Two']) secret.grantRead(newRole(stack, id));

  const arn = (id: string) => ({ 'Fn::GetAtt': [expect.stringMatching(`^${id}`), 'Arn'] });
  expect(principalsOf(statementsIn(stack)[0])).toEqual([arn('One'), arn('Two')]);
});

test('a reader may read the secret, and use its key through Secrets Manager for it alone', () => {
  const stack = newStack();
  const secret = new GuardedSecret(stack, 'Admin');
  secret.grantRead(newRole(stack));

  const Ref = expect.stringMatching(/^AdminSecret/);
  const [policy] = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
  expect(policy?.Properties.Roles).toEqual([{ Ref: expect.stringMatching(/^Reader/) }]);
  expect(policy?.Properties.PolicyDocument.Statement).toEqual([
    { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: { Ref } },
    {
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: { 'Fn::GetAtt': [expect.stringMatching(/^AdminKey/), 'Arn'] },
      Condition: {
        StringEquals: {
          'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com',
          'kms:EncryptionContext:SecretARN': { Ref },
        },
      },
    },
  ]);
});

test('lets an imported role in, and leaves its own policies alone', () => {
  const stack = newStack();
  const arn = 'arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_developer_0123456789abcdef';
  new GuardedSecret(stack, 'Admin').grantRead(iam.Role.fromRoleArn(stack, 'Developer', arn));

  expect(principalsOf(statementsIn(stack)[0])).toEqual([arn]);
  Template.fromStack(stack).resourceCountIs('AWS::IAM::Policy', 0);
});

test('refuses a reader that is not one role or user', () => {
  const secret = new GuardedSecret(newStack(), 'Admin');
  const refused = [
    new iam.AnyPrincipal(),
    new iam.AccountRootPrincipal(),
    new iam.ServicePrincipal('lambda.amazonaws.com'),
  ];

  for (const principal of refused) {
    expect(() => secret.grantRead(principal)).toThrow(/^vault\/Admin: a reader must be one role or user, got: /);
  }
});

describe('readers in another stack', () => {
  test('take the policy with them, so that the secret depends on none of them', () => {
    const app = new App();
    const data = newStack('data', app);
    const service = newStack('service', app);
    const secret = new GuardedSecret(data, 'Admin');
    secret.grantRead(newRole(data, 'Beside'));
    for (const id of ['One', 'Two']) secret.grantRead(newRole(service, id));
    app.synth();

    Template.fromStack(data).resourceCountIs('AWS::SecretsManager::ResourcePolicy', 0);
    expect(principalsOf(statementsIn(service)[0])).toEqual([
      { 'Fn::ImportValue': expect.stringMatching(/^data:.*Beside/) },
      { 'Fn::GetAtt': [expect.stringMatching(/^One/), 'Arn'] },
      { 'Fn::GetAtt': [expect.stringMatching(/^Two/), 'Arn'] },
    ]);
    expect(data.dependencies).toEqual([]);
    expect(service.dependencies).toEqual([data]);
  });

  test('are refused from a third stack, and the message names both', () => {
    const app = new App();
    const secret = new GuardedSecret(newStack('data', app), 'Admin');
    secret.grantRead(newRole(newStack('service', app)));

    expect(() => secret.grantRead(newRole(newStack('reports', app)))).toThrow(
      "data/Admin: readers must be in one other stack at most, as the secret's policy names all of them and lies there, got: service and reports",
    );
  });

  test('may be imported anywhere, as a name that depends on nothing', () => {
    const app = new App();
    const data = newStack('data', app);
    const secret = new GuardedSecret(data, 'Admin');
    const arn = 'arn:aws:iam::111122223333:role/analyst';
    for (const id of ['service', 'reports']) {
      secret.grantRead(iam.Role.fromRoleArn(newStack(id, app), 'Analyst', arn, { mutable: false }));
    }

    expect(principalsOf(statementsIn(data)[0])).toEqual([arn]);
  });
});

describe('administrators', () => {
  const arn = 'arn:aws:iam::111122223333:role/on-call';
  const administrators = [new iam.ArnPrincipal(arn)];

  test('write, the deployment does, and nobody else; and they do not read for that', () => {
    const stack = newStack();
    new GuardedSecret(stack, 'Admin', { administrators });

    const [reading, writing] = statementsIn(stack);
    expect(reading?.Condition).toBeUndefined();
    expect(writing).toMatchObject({
      Sid: 'DenyWritingToOthers',
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Action: [
        'secretsmanager:PutSecretValue',
        'secretsmanager:UpdateSecret',
        'secretsmanager:UpdateSecretVersionStage',
      ],
    });
    expect(JSON.stringify(principalsOf(writing))).toContain('cdk-hnb659fds-cfn-exec-role-111122223333-eu-west-1');
    expect(principalsOf(writing)).toEqual(expect.arrayContaining([arn]));
  });

  test('may be named where the stack is deployed without a role of its own', () => {
    const stack = new Stack(new App(), 'vault', { env, synthesizer: new CliCredentialsStackSynthesizer() });
    new GuardedSecret(stack, 'Admin', { administrators });

    expect(principalsOf(statementsIn(stack)[1])).toEqual([arn]);
  });

  test('nothing by which CloudFormation changes the policy or looks at the secret is denied', () => {
    const stack = newStack();
    new GuardedSecret(stack, 'Admin', { administrators });

    const denied = statementsIn(stack)
      .filter(({ Sid }) => Sid !== 'DenyPlainHttp')
      .flatMap(({ Action }) => Action);
    expect(denied).not.toEqual(expect.arrayContaining([expect.stringMatching(/\*|ResourcePolicy|DescribeSecret/)]));
  });
});

describe('replica', () => {
  const replicaKeyArn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

  test('lies in another Region, under a key of that Region', () => {
    const stack = newStack();
    new GuardedSecret(stack, 'Admin', { replicaRegion: 'eu-central-1', replicaKeyArn });

    Template.fromStack(stack).hasResourceProperties('AWS::SecretsManager::Secret', {
      ReplicaRegions: [{ Region: 'eu-central-1', KmsKeyId: replicaKeyArn }],
    });
  });

  test.each([
    [{ replicaRegion: 'eu-west-1' }, "`replicaRegion` must be a Region other than the secret's own, got: eu-west-1"],
    [{ replicaRegion: 'Frankfurt' }, "`replicaRegion` must be a Region other than the secret's own, got: Frankfurt"],
    [{ replicaKeyArn }, `\`replicaKeyArn\` must be the ARN of a key in \`replicaRegion\`, got: ${replicaKeyArn}`],
    [
      { replicaRegion: 'eu-north-1', replicaKeyArn },
      `\`replicaKeyArn\` must be the ARN of a key in \`replicaRegion\`, got: ${replicaKeyArn}`,
    ],
  ])('refuses %j', (props, message) => {
    expect(() => new GuardedSecret(newStack(), 'Admin', props)).toThrow(`vault/Admin: ${message}`);
  });
});
