import { Match } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import { GuardedSecret } from '../../../lib/secrets/guarded-secret';
import { RotationStrategy } from '../../../lib/secrets/rotation-strategy';
import { actionsOf, find, newStack, rotate, rotator, schedule } from './rotating-secret-template';

describe('a key pool', () => {
  const stack = newStack();
  const adminSecret = new GuardedSecret(stack, 'Admin');
  const poolSecret = new GuardedSecret(stack, 'Pool');
  const strategy = RotationStrategy.keyPool({ adminSecret, poolSecret, adminUrl: 'https://admin.example.com' });
  const { template } = rotate({ strategy }, stack);

  test('tells where keys and Admin key are, by name alone', () => {
    const { [EnvironmentKey.ROTATION_SETTINGS]: settings } = rotator(template).Properties.Environment.Variables;

    const [, parts] = settings['Fn::Join'];
    expect(parts.map((part: unknown) => (typeof part === 'string' ? part : 'ARN')).join('')).toBe(
      '{"adminSecret":"ARN","poolSecret":"ARN","adminUrl":"https://admin.example.com","upstreamUrl":"https://api.anthropic.com"}',
    );
  });

  test.each(['Admin', 'Pool'])('lets rotator and sweeper alone read the secret %s', (id) => {
    const { Properties } = find(template, 'AWS::SecretsManager::ResourcePolicy', id);

    expect(Properties.ResourcePolicy.Statement[0].Condition.StringNotEquals['aws:PrincipalArn']).toEqual([
      { 'Fn::GetAtt': [expect.stringMatching(/^PepperRotateSecretRole/), 'Arn'] },
      { 'Fn::GetAtt': [expect.stringMatching(/^PepperSweepKeysRole/), 'Arn'] },
    ]);
  });

  test('wakes somebody when fewer than two keys are healthy', () => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'HealthyPoolKeys',
      Statistic: 'Minimum',
      Threshold: 2,
      ComparisonOperator: 'LessThanThreshold',
      AlarmDescription: Match.stringLikeRegexp('docs/runbooks/pool-keys-low.md$'),
    });
  });
});

test('a client key is made and ended in the clients table, under its key', () => {
  const stack = newStack();
  const clientsTable = new dynamodb.Table(stack, 'Clients', {
    partitionKey: { name: 'clientId', type: dynamodb.AttributeType.STRING },
    encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
  });
  const strategy = RotationStrategy.clientKey({ clientsTable, clientId: 'ezwtx9j7yaenvkjy', environmentName: 'dev' });
  const { template } = rotate({ strategy }, stack);

  for (const role of ['PepperRotateSecretRole', 'PepperSweepKeysRole']) {
    expect(actionsOf(template, role)).toEqual(expect.arrayContaining(['dynamodb:GetItem', 'dynamodb:UpdateItem']));
    expect(actionsOf(template, role).filter((action) => /Scan|Query|Delete|dynamodb:Put/.test(action))).toEqual([]);
  }
});

test('a database is rotated by the function of AWS, which the policy lets in by its name', () => {
  const functionName = 'rotate-orders';
  const strategy = RotationStrategy.hosted({
    rotation: secretsmanager.HostedRotation.postgreSqlSingleUser({ functionName }),
    functionName,
  });
  const { template, secret } = rotate({ strategy });

  expect(secret.rotator).toBeUndefined();
  expect(secret.alarms.all).toHaveLength(3);
  expect(schedule(template).Properties).toMatchObject({
    HostedRotationLambda: { RotationType: 'PostgreSQLSingleUser', RotationLambdaName: functionName },
    RotateImmediatelyOnUpdate: false,
  });
  const { Properties } = find(template, 'AWS::SecretsManager::ResourcePolicy', 'Pepper');
  expect(JSON.stringify(Properties.ResourcePolicy.Statement[0].Condition.ArnNotEquals)).toContain(
    ':lambda:eu-west-1:111122223333:function:rotate-orders',
  );
});
