import { App, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { EncryptedLogGroup, StandardFunction, type StandardFunctionProps } from '../../../lib';

const code = lambda.Code.fromInline('exports.handler = async () => undefined;');
let stack: Stack;

beforeEach(() => {
  stack = new Stack(new App(), 'shop', { env: { account: '111122223333', region: 'eu-west-1' } });
});

const greet = (props: Partial<StandardFunctionProps> = {}) => new StandardFunction(stack, 'Greet', { code, ...props });

describe('StandardFunction', () => {
  test('has the defaults that its documentation states', () => {
    const fn = greet();

    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      Timeout: 10,
      MemorySize: 512,
      TracingConfig: { Mode: 'Active' },
      RecursiveLoop: 'Terminate',
      Environment: { Variables: { NODE_OPTIONS: '--enable-source-maps' } },
      LoggingConfig: {
        LogFormat: 'JSON',
        ApplicationLogLevel: 'INFO',
        SystemLogLevel: 'INFO',
        LogGroup: stack.resolve(fn.logGroup.logGroupName),
      },
      ReservedConcurrentExecutions: Match.absent(),
    });
  });

  test('lets every prop of the caller win and merges the environment', () => {
    greet({
      runtime: lambda.Runtime.NODEJS_22_X,
      architecture: lambda.Architecture.X86_64,
      handler: 'main.run',
      timeout: Duration.seconds(30),
      memorySize: 1024,
      tracing: lambda.Tracing.PASS_THROUGH,
      recursiveLoop: lambda.RecursiveLoop.ALLOW,
      applicationLogLevelV2: lambda.ApplicationLogLevel.DEBUG,
      systemLogLevelV2: lambda.SystemLogLevel.WARN,
      reservedConcurrentExecutions: 3,
      environment: { GREETING: 'hello' },
    });

    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs22.x',
      Architectures: ['x86_64'],
      Handler: 'main.run',
      Timeout: 30,
      MemorySize: 1024,
      TracingConfig: { Mode: 'PassThrough' },
      RecursiveLoop: 'Allow',
      ReservedConcurrentExecutions: 3,
      LoggingConfig: { ApplicationLogLevel: 'DEBUG', SystemLogLevel: 'WARN' },
      Environment: { Variables: { NODE_OPTIONS: '--enable-source-maps', GREETING: 'hello' } },
    });
  });

  test('lets the caller replace a default of the environment', () => {
    greet({ environment: { NODE_OPTIONS: '--trace-warnings' } });

    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { NODE_OPTIONS: '--trace-warnings' } },
    });
  });

  test('sets no levels where the caller asks for logs as text', () => {
    greet({ loggingFormat: lambda.LoggingFormat.TEXT });

    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
      LoggingConfig: { LogFormat: 'Text', ApplicationLogLevel: Match.absent(), SystemLogLevel: Match.absent() },
    });
  });

  test('has a role that may write its own logs and send traces, and nothing else', () => {
    greet();

    const template = Template.fromStack(stack);
    const [role] = Object.entries(template.findResources('AWS::IAM::Role'));
    const [group] = Object.keys(template.findResources('AWS::Logs::LogGroup'));
    expect(role?.[1].Properties.ManagedPolicyArns).toBeUndefined();
    const policies = Object.values(template.findResources('AWS::IAM::Policy')).map(({ Properties }) => Properties);
    expect(policies.map(({ Roles }) => Roles)).toEqual([[{ Ref: role?.[0] }], [{ Ref: role?.[0] }]]);
    expect(policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: { 'Fn::GetAtt': [group, 'Arn'] },
      },
      { Effect: 'Allow', Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], Resource: '*' },
    ]);
  });

  test('waits with the function until its role may do what it needs', () => {
    greet();

    const template = Template.fromStack(stack);
    const [fn] = Object.values(template.findResources('AWS::Lambda::Function'));
    expect(fn?.DependsOn).toEqual(expect.arrayContaining(Object.keys(template.findResources('AWS::IAM::Policy'))));
  });

  test('neither traces nor may trace where the caller switches tracing off', () => {
    greet({ tracing: lambda.Tracing.DISABLED });

    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Lambda::Function', { TracingConfig: Match.absent() });
    expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).not.toContain('xray:');
  });

  test('takes a role and a log group of the caller', () => {
    const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    const logGroup = new EncryptedLogGroup(stack, 'Group', { retention: logs.RetentionDays.ONE_DAY });
    greet({ role, logGroup });

    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::IAM::Role', 1);
    template.resourceCountIs('AWS::Logs::LogGroup', 1);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Role: stack.resolve(role.roleArn),
      LoggingConfig: { LogGroup: stack.resolve(logGroup.logGroupName) },
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      Roles: [stack.resolve(role.roleName)],
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            Resource: stack.resolve(logGroup.logGroupArn),
          }),
        ]),
      },
    });
  });

  test('passes the settings of its own log group on', () => {
    greet({ logs: { retention: logs.RetentionDays.ONE_WEEK } });

    Template.fromStack(stack).hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
  });

  test('may manage its network interfaces in a VPC', () => {
    greet({
      vpc: new ec2.Vpc(stack, 'Vpc', { natGateways: 0 }),
      allowPublicSubnet: true,
      vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
    });

    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Action: [
              'ec2:CreateNetworkInterface',
              'ec2:DescribeNetworkInterfaces',
              'ec2:DescribeSubnets',
              'ec2:DeleteNetworkInterface',
            ],
            Resource: '*',
          },
        ],
      },
    });
  });

  test('leaves the AwsSolutions pack nothing to find, and hides no wildcard that is granted later', () => {
    const fn = greet();
    const errors = () =>
      new AwsSolutionsChecks()
        .validateScope(stack)
        .violations.filter(({ severity }) => severity === 'error')
        .map(({ ruleName }) => ruleName);
    expect(errors()).toEqual([]);

    fn.addToRolePolicy(new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: ['*'] }));

    expect(errors()).toEqual(['AwsSolutions-IAM5[Resource::*]']);
  });

  test.each([
    { timeout: Duration.seconds(1) },
    { timeout: Duration.seconds(900) },
    { memorySize: 128 },
    { memorySize: 10_240 },
    { reservedConcurrentExecutions: 0 },
  ])('accepts $timeout $memorySize $reservedConcurrentExecutions at the bound', (props) => {
    expect(() => greet(props)).not.toThrow();
  });

  test.each([
    [{ timeout: Duration.seconds(0) }, '`timeout` must be between 1 and 900 seconds, got: 0 seconds'],
    [{ timeout: Duration.seconds(901) }, '`timeout` must be between 1 and 900 seconds, got: 901 seconds'],
    [{ memorySize: 127 }, '`memorySize` must be an integer between 128 and 10240, got: 127'],
    [{ memorySize: 10_241 }, '`memorySize` must be an integer between 128 and 10240, got: 10241'],
    [
      { reservedConcurrentExecutions: -1 },
      '`reservedConcurrentExecutions` must be an integer between 0 and 9007199254740991, got: -1',
    ],
    [
      { timeout: Duration.seconds(0), memorySize: 1 },
      '`timeout` must be between 1 and 900 seconds, got: 0 seconds; `memorySize` must be an integer between 128 and 10240, got: 1',
    ],
  ])('refuses %j', (props, problem) => {
    expect(() => greet(props)).toThrow(new Error(`shop/Greet: ${problem}`));
    expect(stack.node.children).toEqual([]);
  });

  test('refuses settings of a log group beside a log group', () => {
    const logGroup = new EncryptedLogGroup(stack, 'Group');

    expect(() => greet({ logGroup, logs: {} })).toThrow(
      new Error('shop/Greet: `logs` cannot be combined with `logGroup`, got: both'),
    );
  });
});
