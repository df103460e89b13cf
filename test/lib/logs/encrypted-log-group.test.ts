import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import { EncryptedLogGroup } from '../../../lib';

let stack: Stack;

beforeEach(() => {
  stack = new Stack(new App(), 'shop', { env: { account: '111122223333', region: 'eu-west-1' } });
});

/** What the key policy must say for CloudWatch Logs, and for it alone. */
const grantFor = (name: string) =>
  Match.objectLike({
    Effect: 'Allow',
    Principal: { Service: 'logs.eu-west-1.amazonaws.com' },
    Action: ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
    Condition: {
      ArnLike: {
        'kms:EncryptionContext:aws:logs:arn': {
          'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:logs:eu-west-1:111122223333:log-group:${name}`]],
        },
      },
    },
  });

const withGrant = (grant: Match | object) => ({
  KeyPolicy: { Statement: Match.arrayWith([grant]) },
});

describe('EncryptedLogGroup', () => {
  test('keeps events for 90 days under a rotated key, and both outlive the stack', () => {
    const group = new EncryptedLogGroup(stack, 'Events');

    const template = Template.fromStack(stack);
    template.hasResource('AWS::Logs::LogGroup', {
      Properties: { RetentionInDays: 90, KmsKeyId: stack.resolve(group.encryptionKey.keyArn) },
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
    template.hasResource('AWS::KMS::Key', {
      Properties: { EnableKeyRotation: true },
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
  });

  test('lets CloudWatch Logs use the key for the groups whose generated names begin with the stack name', () => {
    new EncryptedLogGroup(stack, 'Events');

    Template.fromStack(stack).hasResourceProperties('AWS::KMS::Key', withGrant(grantFor('shop-*')));
  });

  test('lets CloudWatch Logs use the key for the exact name where one is given', () => {
    new EncryptedLogGroup(stack, 'Events', { logGroupName: '/shop/events' });

    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::KMS::Key', withGrant(grantFor('/shop/events')));
    expect(JSON.stringify(template.findResources('AWS::KMS::Key'))).not.toContain('shop-*');
  });

  test('shares one key and one statement among the groups of a stack', () => {
    for (const id of ['Events', 'Errors', 'Audit']) {
      new EncryptedLogGroup(stack, id);
    }

    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::Logs::LogGroup', 3);
    template.resourceCountIs('AWS::KMS::Key', 1);
    const [key] = Object.values(template.findResources('AWS::KMS::Key'));
    expect(key?.Properties.KeyPolicy.Statement).toHaveLength(2);
  });

  test('never makes the key refer to the group, which refers to the key', () => {
    new EncryptedLogGroup(stack, 'Events', { logGroupName: '/shop/events' });

    const template = Template.fromStack(stack);
    const [groupId] = Object.keys(template.findResources('AWS::Logs::LogGroup'));
    expect(JSON.stringify(template.findResources('AWS::KMS::Key'))).not.toContain(groupId);
  });

  test.each([
    { policies: [RemovalPolicy.DESTROY, RemovalPolicy.DESTROY], key: 'Delete' },
    { policies: [RemovalPolicy.DESTROY, RemovalPolicy.RETAIN], key: 'Retain' },
    { policies: [RemovalPolicy.RETAIN, RemovalPolicy.DESTROY], key: 'Retain' },
  ])('keeps the shared key as long as any group: $policies -> $key', ({ policies, key }) => {
    policies.forEach((removalPolicy, index) => {
      new EncryptedLogGroup(stack, `Events${index}`, { removalPolicy });
    });

    Template.fromStack(stack).hasResource('AWS::KMS::Key', { DeletionPolicy: key });
  });

  test('takes a key of the caller and adds the grant to it', () => {
    const encryptionKey = new kms.Key(stack, 'OwnKey');
    new EncryptedLogGroup(stack, 'Events', { encryptionKey });

    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::KMS::Key', 1);
    template.hasResourceProperties('AWS::KMS::Key', withGrant(grantFor('shop-*')));
  });

  test('warns that it cannot change the policy of an imported key', () => {
    const encryptionKey = kms.Key.fromKeyArn(stack, 'Imported', 'arn:aws:kms:eu-west-1:111122223333:key/abc');
    new EncryptedLogGroup(stack, 'Events', { encryptionKey });

    Annotations.fromStack(stack).hasWarning(
      '/shop/Events',
      'The policy of an imported key cannot be changed here: it must let CloudWatch Logs use the key, or the deployment fails. [ack: cdk-bulwark:logGroupKeyPolicy]',
    );
  });

  test('does not warn of a key whose policy it has changed', () => {
    new EncryptedLogGroup(stack, 'Events', { encryptionKey: new kms.Key(stack, 'OwnKey') });

    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  test('takes another retention, but none without an end', () => {
    new EncryptedLogGroup(stack, 'Events', { retention: logs.RetentionDays.ONE_DAY });

    Template.fromStack(stack).hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 1 });
    expect(() => new EncryptedLogGroup(stack, 'Endless', { retention: logs.RetentionDays.INFINITE })).toThrow(
      'shop/Endless: `retention` must be finite, got: RetentionDays.INFINITE',
    );
    expect(stack.node.tryFindChild('Endless')).toBeUndefined();
  });
});
