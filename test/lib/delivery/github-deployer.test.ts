import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type GithubDeployerProps, type GithubEnvironment, GithubSubjectFormat } from '../../../lib';
import { bootstrapRole, deployIn, importedProvider, newStack, PROVIDER, roleIn } from './deployer-scene';

let stack: Stack;

beforeEach(() => {
  stack = newStack();
});

const deploy = (changes?: Partial<GithubDeployerProps>, id?: string) => deployIn(stack, changes, id);

describe('GithubDeployer', () => {
  test('lets the jobs of an environment assume four roles of the bootstrap stack, and nothing else', () => {
    const { policies, managed, seconds } = roleIn(stack, deploy().roleOf('prod'));

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
    expect(roleIn(stack, deploy({ provider: importedProvider(stack) }).roleOf('prod')).trust).toEqual([
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

    const { trust, policies, managed } = roleIn(stack, diffRole);
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

    const [statement] = roleIn(stack, deployer.roleOf('prod')).policies[0].PolicyDocument.Statement;
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
    expect(deploy({ provider: importedProvider(stack) }).providerArn).toBe(PROVIDER);
    Template.fromStack(stack).resourceCountIs('AWS::IAM::OIDCProvider', 0);
  });

  test('knows a stack that learns its account and Region at deployment', () => {
    stack = new Stack(new App(), 'anywhere');

    const [statement] = roleIn(stack, deploy().roleOf('prod')).policies[0].PolicyDocument.Statement;
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
      const [dev, prod] = ['dev', 'prod'].map(
        (name) => roleIn(stack, deployer.roleOf(name)).policies[0].PolicyDocument,
      );

      const resources = new Set([...dev.Statement[0].Resource, ...prod.Statement[0].Resource]);
      expect(resources.size).toBe(8);
    },
  );
});
