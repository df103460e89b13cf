import { App, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { GithubDeployer, type GithubDeployerProps, type GithubEnvironment, GithubSubjectFormat } from '../../../lib';

const PROVIDER = 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com';

let stack: Stack;

beforeEach(() => {
  stack = new Stack(new App({ context: { '@aws-cdk/core:enablePartitionLiterals': true } }), 'delivery', {
    env: { account: '111122223333', region: 'eu-west-1' },
  });
});

const deploy = (changes: Partial<GithubDeployerProps> = {}, id = 'Github') =>
  new GithubDeployer(stack, id, {
    owner: 'acme',
    ownerId: '1001',
    repo: 'shop',
    repoId: '2002',
    environments: [{ name: 'prod' }],
    ...changes,
  });

/** What a role may do, and what it trusts, as the template says. */
function roleIn(role: iam.Role | undefined) {
  const resource = Template.fromStack(stack).findResources('AWS::IAM::Role')[stack.resolve(role?.roleName).Ref];
  const { Properties } = resource ?? {};
  return {
    trust: Properties.AssumeRolePolicyDocument.Statement,
    policies: Properties.Policies,
    managed: Properties.ManagedPolicyArns,
    seconds: Properties.MaxSessionDuration,
  };
}

const bootstrapRole = (
  role: string,
  { account = '111122223333', region = 'eu-west-1', qualifier = 'hnb659fds' } = {},
) => `arn:aws:iam::${account}:role/cdk-${qualifier}-${role}-role-${account}-${region}`;

describe('GithubDeployer', () => {
  test('lets the jobs of an environment assume four roles of the bootstrap stack, and nothing else', () => {
    const { policies, managed, seconds } = roleIn(deploy().roleOf('prod'));

    expect(policies).toHaveLength(1);
    expect(policies[0].PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Resource: ['deploy', 'file-publishing', 'image-publishing', 'lookup'].map((role) => bootstrapRole(role)),
      },
    ]);
    expect(managed).toBeUndefined();
    expect(seconds).toBe(3600);
    Template.fromStack(stack).resourceCountIs('AWS::IAM::Policy', 0);
  });

  test('trusts the tokens of that environment by StringEquals on audience and subject', () => {
    expect(roleIn(deploy({ provider: importedProvider() }).roleOf('prod')).trust).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRoleWithWebIdentity',
        Principal: { Federated: PROVIDER },
        Condition: {
          StringEquals: {
            'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
            'token.actions.githubusercontent.com:sub': ['repo:acme@1001/shop@2002:environment:prod'],
          },
        },
      },
    ]);
  });

  test.each([
    [GithubSubjectFormat.IMMUTABLE, ['repo:acme@1001/shop@2002:pull_request']],
    [GithubSubjectFormat.LEGACY, ['repo:acme/shop:pull_request']],
    [GithubSubjectFormat.BOTH, ['repo:acme@1001/shop@2002:pull_request', 'repo:acme/shop:pull_request']],
  ])('with subjects of the format %s, a pull request may read, where an environment allows it', (format, subjects) => {
    const { diffRole } = deploy({
      subjectFormat: format,
      environments: [{ name: 'dev', pullRequestDiff: true, regions: ['eu-west-3'] }, { name: 'prod' }],
    });

    const { trust, policies, managed } = roleIn(diffRole);
    expect(trust[0].Condition.StringEquals['token.actions.githubusercontent.com:sub']).toEqual(subjects);
    expect(policies[0].PolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: bootstrapRole('lookup', { region: 'eu-west-3' }) },
    ]);
    expect(managed).toBeUndefined();
  });

  test('gives pull requests no role unless an environment says so', () => {
    expect(deploy().diffRole).toBeUndefined();
    Template.fromStack(stack).resourceCountIs('AWS::IAM::Role', 1);
  });

  test('names the roles of every account, Region and qualifier that an environment deploys to', () => {
    const place = { account: '444455556666', qualifier: 'shop_1' };
    const regions = ['eu-west-1', 'us-gov-west-1'];
    const deployer = deploy({ environments: [{ name: 'prod', ...place, regions }, { name: 'dev' }] });

    const [statement] = roleIn(deployer.roleOf('prod')).policies[0].PolicyDocument.Statement;
    expect(statement.Resource).toEqual(
      regions.flatMap((region) =>
        ['deploy', 'file-publishing', 'image-publishing', 'lookup'].map((role) =>
          bootstrapRole(role, { ...place, region }),
        ),
      ),
    );
  });

  test('never writes a wildcard', () => {
    deploy({
      environments: [
        { name: 'dev', pullRequestDiff: true },
        { name: 'prod', account: '444455556666' },
      ],
    });

    expect(JSON.stringify(Template.fromStack(stack))).not.toContain('*');
  });

  test('makes one provider a stack, for the audience of STS', () => {
    const [first, second] = [deploy(), deploy({ repo: 'till', repoId: '2003' }, 'Till')];

    expect(first.providerArn).toBe(second.providerArn);
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::IAM::OIDCProvider', 1);
    template.hasResourceProperties('AWS::IAM::OIDCProvider', {
      Url: 'https://token.actions.githubusercontent.com',
      ClientIdList: ['sts.amazonaws.com'],
    });
  });

  test('makes no provider where the account has one', () => {
    expect(deploy({ provider: importedProvider() }).providerArn).toBe(PROVIDER);
    Template.fromStack(stack).resourceCountIs('AWS::IAM::OIDCProvider', 0);
  });

  test('knows a stack that learns its account and Region at deployment', () => {
    stack = new Stack(new App(), 'anywhere');

    const [statement] = roleIn(deploy().roleOf('prod')).policies[0].PolicyDocument.Statement;
    expect(JSON.stringify(statement.Resource)).not.toContain('*');
    expect(statement.Resource[0]['Fn::Join'][1]).toEqual([
      'arn:',
      { Ref: 'AWS::Partition' },
      ':iam::',
      { Ref: 'AWS::AccountId' },
      ':role/cdk-hnb659fds-deploy-role-',
      { Ref: 'AWS::AccountId' },
      '-',
      { Ref: 'AWS::Region' },
    ]);
  });

  test('says which environments there are', () => {
    const deployer = deploy({ environments: [{ name: 'dev', qualifier: 'dev' }, { name: 'prod' }] });

    expect(() => deployer.roleOf('toString')).toThrow(
      'delivery/Github: `environment` must be one of dev, prod, got: toString',
    );
  });
});

/** Props, and what the message says of them. */
type Refused = [changes: Partial<GithubDeployerProps>, problem: string];

describe('two environments of one bootstrap stack', () => {
  const shared =
    'delivery/Github: `environments` must each have an account, a Region or a `qualifier` of its own, as whoever may deploy one may deploy all that share the roles of one bootstrap stack, got: dev and prod in ';

  test.each<[GithubEnvironment, GithubEnvironment, string]>([
    [{ name: 'dev' }, { name: 'prod' }, '111122223333/eu-west-1/hnb659fds'],
    [
      { name: 'dev', account: '111122223333', qualifier: 'hnb659fds' },
      { name: 'prod', regions: ['eu-west-1'] },
      '111122223333/eu-west-1/hnb659fds',
    ],
    [
      { name: 'dev', regions: ['eu-west-3', 'eu-west-2'], qualifier: 'shop' },
      { name: 'prod', regions: ['eu-west-1', 'eu-west-2'], qualifier: 'shop' },
      '111122223333/eu-west-2/shop',
    ],
  ])('are refused: the one could deploy the other (%j, %j)', (dev, prod, place) => {
    expect(() => deploy({ environments: [dev, prod] })).toThrow(shared + place);
  });

  test('are refused also where the place is known only at deployment', () => {
    stack = new Stack(new App(), 'delivery');
    expect(() => deploy({ environments: [{ name: 'dev' }, { name: 'prod' }] })).toThrow(
      `${shared}the place of the stack`,
    );
  });

  test.each([{ account: '444455556666' }, { regions: ['eu-west-2'] }, { qualifier: 'prod' }])(
    'are two where %j tells them apart',
    (place) => {
      const deployer = deploy({ environments: [{ name: 'dev' }, { name: 'prod', ...place }] });
      const [dev, prod] = ['dev', 'prod'].map((name) => roleIn(deployer.roleOf(name)).policies[0].PolicyDocument);

      const resources = new Set([...dev.Statement[0].Resource, ...prod.Statement[0].Resource]);
      expect(resources.size).toBe(8);
    },
  );
});

describe('GithubDeployer refuses', () => {
  const OWNER = '`owner` must be 1 to 39 letters, digits, `-` and `_`, beginning with a letter or digit, got: ';
  const REPO = '`repo` must be 1 to 100 letters, digits, `-`, `_` and `.`, without the owner, got: ';
  const id = (prop: string) => `\`${prop}\` must be an id of GitHub: digits, not beginning with 0, got: `;
  const NAME =
    '`environments[0].name` must be 1 to 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit, got: ';

  test.each<Refused>([
    ...['', '*', 'acme*', 'ac:me', 'acme/shop', 'acme@1001', '-acme', 'a'.repeat(40), 'ac me', 'acme\n'].map<Refused>(
      (owner) => [{ owner }, OWNER + owner],
    ),
    ...['', '*', 'sho?', 'shop:environment:prod', 'acme/shop', 'shop@2002', '.', '..', 'a'.repeat(101)].map<Refused>(
      (repo) => [{ repo }, REPO + repo],
    ),
    ...['', '*', '0', '01', '-1', '1.5', '1e3', 'acme', '1:2', ' 1', '1'.repeat(21)].flatMap<Refused>((value) => [
      [{ ownerId: value }, id('ownerId') + value],
      [{ repoId: value }, id('repoId') + value],
    ]),
    ...['', '*', 'prod*', 'prod:x', 'prod/eu', 'eu prod', '-prod', '.', 'a'.repeat(65)].map<Refused>((name) => [
      { environments: [{ name }] },
      NAME + name,
    ]),
  ])('%j', (changes, problem) => {
    expect(() => deploy(changes)).toThrow(`delivery/Github: ${problem}`);
  });

  test.each<[Partial<GithubEnvironment>, string]>([
    [{ account: '1234' }, '`environments[0].account` must be 12 digits, got: 1234'],
    [{ account: '*' }, '`environments[0].account` must be 12 digits, got: *'],
    [{ regions: [] }, '`environments[0].regions` must have at least one Region, got: none'],
    [{ regions: ['eu-west-1', '*'] }, '`environments[0].regions[1]` must be like `eu-west-1`, got: *'],
    [{ qualifier: '*' }, '`environments[0].qualifier` must be 1 to 10 letters, digits, `-` and `_`, got: *'],
    [
      { qualifier: 'elevenchars' },
      '`environments[0].qualifier` must be 1 to 10 letters, digits, `-` and `_`, got: elevenchars',
    ],
  ])('an environment with %j', (changes, problem) => {
    expect(() => deploy({ environments: [{ name: 'prod', ...changes }] })).toThrow(`delivery/Github: ${problem}`);
  });

  test.each([
    ['prod', 'Prod'],
    ['eu-prod', 'eu.prod'],
  ])('the names %s and %s beside each other', (...names) => {
    expect(() => deploy({ environments: names.map((name) => ({ name })) })).toThrow(
      `\`environments\` must have names that differ in their letters or digits, whatever the case, got: ${names.join(', ')}`,
    );
  });

  test.each([
    [Duration.minutes(59), 3540],
    [Duration.seconds(43_201), 43_201],
  ])('sessions of %s', (maxSession, seconds) => {
    expect(() => deploy({ maxSession })).toThrow(
      `\`maxSession\` must be an integer between 3600 and 43200, got: ${seconds}`,
    );
  });

  test('a format that is none', () => {
    expect(() => deploy({ subjectFormat: '*' as GithubSubjectFormat })).toThrow(
      '`subjectFormat` must be one of immutable, legacy, both, got: *',
    );
  });

  test('the provider of somebody else', () => {
    const arn = 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com.evil.example';

    expect(() => deploy({ provider: importedProvider(arn) })).toThrow(
      `\`provider\` must be the one for \`token.actions.githubusercontent.com\`, got: ${arn}`,
    );
  });

  test('an identity that is known only at deployment', () => {
    const { valueAsString } = new CfnParameter(stack, 'Anybody');

    expect(() => deploy({ repoId: valueAsString })).toThrow(`${id('repoId')}a value known only at deployment`);
  });

  test('everything at once, in one message', () => {
    expect(() => deploy({ owner: '*', ownerId: 'x', repo: '*', repoId: 'y', environments: [] })).toThrow(
      `delivery/Github: ${[
        `${OWNER}*`,
        `${id('ownerId')}x`,
        `${REPO}*`,
        `${id('repoId')}y`,
        '`environments` must have at least one environment, got: none',
      ].join('; ')}`,
    );
  });

  test.each([
    [Duration.hours(1), 3600],
    [Duration.hours(12), 43_200],
  ])('but not sessions of %s', (maxSession, seconds) => {
    expect(roleIn(deploy({ maxSession }).roleOf('prod')).seconds).toBe(seconds);
  });
});

function importedProvider(arn = PROVIDER): iam.IOidcProvider {
  return iam.OidcProviderNative.fromOidcProviderArn(stack, 'Provider', arn);
}
