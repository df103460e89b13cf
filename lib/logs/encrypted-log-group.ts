import { Annotations, ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { ConfigCheck } from '../config-error';

/** How long an `EncryptedLogGroup` keeps its events unless told otherwise. */
export const DEFAULT_LOG_RETENTION = logs.RetentionDays.THREE_MONTHS;

/** Settings of an `EncryptedLogGroup`. */
export interface EncryptedLogGroupProps {
  /**
   * Customer-managed key that encrypts the events. The grant to CloudWatch Logs is added to its policy;
   * an imported key must carry that grant already.
   *
   * @default - one key a stack, made with the first `EncryptedLogGroup` in it and shared by all of them
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Name of the log group. Changing it replaces the group.
   *
   * @default - a name that CloudFormation makes, beginning with the stack's name
   */
  readonly logGroupName?: string;

  /**
   * How long events are kept. `RetentionDays.INFINITE` is refused.
   *
   * @default RetentionDays.THREE_MONTHS
   */
  readonly retention?: logs.RetentionDays;

  /**
   * What becomes of the group when it leaves the stack. The shared key is retained as long as any group
   * that it encrypts is.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A log group with finite retention, encrypted under a customer-managed key whose policy lets CloudWatch Logs
 * use it for log groups of this stack and for nothing else.
 *
 * A plain `LogGroup` with `encryptionKey` leaves that grant out, and its deployment fails (aws-cdk#28304). The
 * grant names the group by its name or, where CloudFormation makes the name, by the stack's prefix; it never
 * refers to the group, which would close a cycle between key and group.
 */
export class EncryptedLogGroup extends logs.LogGroup {
  /** The key that encrypts the events. */
  public readonly encryptionKey: kms.IKey;

  /** @throws ConstructConfigError when `retention` is infinite. */
  constructor(scope: Construct, id: string, props: EncryptedLogGroupProps = {}) {
    new ConfigCheck(scope, id)
      .require(props.retention !== logs.RetentionDays.INFINITE, 'retention', 'must be finite', 'RetentionDays.INFINITE')
      .throwProblems();
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const encryptionKey = props.encryptionKey ?? sharedKey(scope, removalPolicy);
    super(scope, id, {
      encryptionKey,
      logGroupName: props.logGroupName,
      retention: props.retention ?? DEFAULT_LOG_RETENTION,
      removalPolicy,
    });
    this.encryptionKey = encryptionKey;
    const { statementAdded } = encryptionKey.addToResourcePolicy(logsServiceGrant(this, props.logGroupName));
    if (!statementAdded) {
      Annotations.of(this).addWarningV2(
        'cdk-bulwark:logGroupKeyPolicy',
        'The policy of an imported key cannot be changed here: it must let CloudWatch Logs use the key, or the deployment fails.',
      );
    }
  }
}

const SHARED_KEY_ID = 'BulwarkLogsKey';

function sharedKey(scope: Construct, removalPolicy: RemovalPolicy): kms.Key {
  const stack = Stack.of(scope);
  const key =
    (stack.node.tryFindChild(SHARED_KEY_ID) as kms.Key | undefined) ??
    new kms.Key(stack, SHARED_KEY_ID, {
      description: `Encrypts the log groups of ${stack.stackName}.`,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  // Events outlive their readability when the key goes first.
  if (removalPolicy !== RemovalPolicy.DESTROY) {
    key.applyRemovalPolicy(RemovalPolicy.RETAIN);
  }
  return key;
}

/** Source: "Encrypt log data in CloudWatch Logs using AWS KMS", step 2, of the CloudWatch Logs user guide. */
function logsServiceGrant(group: logs.LogGroup, name: string | undefined): iam.PolicyStatement {
  const stack = Stack.of(group);
  return new iam.PolicyStatement({
    principals: [new iam.ServicePrincipal(`logs.${stack.region}.amazonaws.com`)],
    actions: ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
    resources: ['*'],
    conditions: {
      ArnLike: {
        'kms:EncryptionContext:aws:logs:arn': stack.formatArn({
          service: 'logs',
          resource: 'log-group',
          resourceName: name ?? `${stack.stackName}-*`,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      },
    },
  });
}
