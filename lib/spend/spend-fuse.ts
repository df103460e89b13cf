import { Aws } from 'aws-cdk-lib';
import * as budgets from 'aws-cdk-lib/aws-budgets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { ConfigCheck } from '../config-error';
import type { Usd } from './usd';

/** Percentages of the budget at which the topic is told; at the last of them the fuse blows. */
const NOTIFY_AT_PERCENT = [50, 80, 95, 100];

/** A cent in micro-USD. */
const CENT = 10_000;

/** Most roles of one action. Source: IamActionDefinition, AWS Budgets API reference. */
const MOST_ROLES = 100;

/**
 * What a role may do no more once the fuse has blown: take work in, hand it on, or call a paid upstream. Reading, deleting
 * and logging stay, so that results can still be read and somebody can see why.
 */
const DENIED_ACTIONS = [
  'bedrock:InvokeModel',
  'bedrock:InvokeModelWithResponseStream',
  'dynamodb:BatchWriteItem',
  'dynamodb:PartiQLInsert',
  'dynamodb:PartiQLUpdate',
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
  'events:PutEvents',
  'kms:GenerateDataKey',
  'lambda:InvokeFunction',
  's3:PutObject',
  'secretsmanager:GetSecretValue',
  'sqs:SendMessage',
  'states:StartExecution',
  'sts:GetWebIdentityToken',
];

/** Settings of a `SpendFuse`. */
export interface SpendFuseProps {
  /** What AWS itself may cost in a month: at least one cent, in whole cents. Credits and refunds do not lower the cost. */
  readonly perMonth: Usd;

  /**
   * Roles by which work comes in, such as that of the function that accepts jobs: 1 to 100 of the same account. Once the
   * fuse has blown they begin nothing any more. Leave out those that finish what was accepted: it could not end.
   */
  readonly roles: iam.IRole[];

  /**
   * Told at 50, 80, 95 and 100 % of the budget, and of the action that waits for approval or was taken. A standard topic
   * in the same account; an imported one must let `budgets.amazonaws.com` publish, and so must its key.
   */
  readonly alarmTopic: sns.ITopic;

  /**
   * Value of the tag `tagKey` that the counted resources have. The tag must be activated as a cost allocation tag, or
   * nothing is counted.
   *
   * @default - the cost of the whole account
   */
  readonly tagValue?: string;

  /**
   * Key of the tag by which cost is counted, where `tagValue` is given.
   *
   * @default 'bulwark:environment'
   */
  readonly tagKey?: string;

  /**
   * Whether the roles are denied at once, without anybody's approval.
   *
   * @default false
   */
  readonly automatic?: boolean;
}

/**
 * The outer fuse, for the AWS side of the bill: a monthly budget that tells a topic, and that denies the roles by which
 * work comes in when it is used up. AWS counts 8 to 12 hours late and knows nothing of the LLM provider's bill, so that it
 * is no replacement for `SpendCap`.
 */
export class SpendFuse extends Construct {
  /** The monthly budget. */
  public readonly budget: budgets.CfnBudget;
  /** What is attached to the roles when the fuse blows. */
  public readonly denial: iam.ManagedPolicy;
  /** The role under which AWS Budgets attaches it. */
  public readonly executionRole: iam.Role;

  /** @throws ConstructConfigError naming every prop that is out of its range. */
  constructor(scope: Construct, id: string, props: SpendFuseProps) {
    validate(new ConfigCheck(scope, id), props);
    super(scope, id);
    admitBudgets(props.alarmTopic);
    this.budget = this.createBudget(props);
    this.denial = this.createDenial();
    this.executionRole = this.createExecutionRole(props.roles);
    this.createAction(props);
  }

  private createBudget({ perMonth, alarmTopic, tagValue, tagKey = 'bulwark:environment' }: SpendFuseProps) {
    return new budgets.CfnBudget(this, 'Budget', {
      budget: {
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: perMonth.toDollars(), unit: 'USD' },
        costTypes: { includeCredit: false, includeRefund: false },
        ...(tagValue !== undefined && { costFilters: { TagKeyValue: [`user:${tagKey}$${tagValue}`] } }),
      },
      notificationsWithSubscribers: NOTIFY_AT_PERCENT.map((threshold) => ({
        notification: {
          notificationType: 'ACTUAL',
          comparisonOperator: 'GREATER_THAN',
          threshold,
          thresholdType: 'PERCENTAGE',
        },
        subscribers: [{ subscriptionType: 'SNS', address: alarmTopic.topicArn }],
      })),
    });
  }

  private createDenial(): iam.ManagedPolicy {
    return new iam.ManagedPolicy(this, 'Denial', {
      description: `Attached by AWS Budgets when the budget of ${this.node.path} is used up: nothing that costs begins.`,
      statements: [
        new iam.PolicyStatement({
          sid: 'BeginNothing',
          effect: iam.Effect.DENY,
          actions: DENIED_ACTIONS,
          // Whatever the role may otherwise do: a denial that named resources would miss what is granted later.
          resources: ['*'],
        }),
      ],
    });
  }

  /** AWS Budgets may attach and detach this one policy, at these roles. */
  private createExecutionRole(roles: iam.IRole[]): iam.Role {
    const role = new iam.Role(this, 'ExecutionRole', {
      description: 'Attaches and detaches the policy that denies new work when the budget is used up.',
      assumedBy: new iam.ServicePrincipal('budgets.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
          ArnLike: { 'aws:SourceArn': `arn:${Aws.PARTITION}:budgets::${Aws.ACCOUNT_ID}:budget/${this.budget.ref}` },
        },
      }),
    });
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['iam:AttachRolePolicy', 'iam:DetachRolePolicy'],
        resources: roles.map(({ roleArn }) => roleArn),
        conditions: { ArnEquals: { 'iam:PolicyARN': this.denial.managedPolicyArn } },
      }),
    );
    return role;
  }

  private createAction({ alarmTopic, automatic = false, roles }: SpendFuseProps): void {
    const action = new budgets.CfnBudgetsAction(this, 'Action', {
      budgetName: this.budget.ref,
      actionType: 'APPLY_IAM_POLICY',
      actionThreshold: { type: 'PERCENTAGE', value: Math.max(...NOTIFY_AT_PERCENT) },
      notificationType: 'ACTUAL',
      approvalModel: automatic ? 'AUTOMATIC' : 'MANUAL',
      executionRoleArn: this.executionRole.roleArn,
      definition: {
        iamActionDefinition: {
          policyArn: this.denial.managedPolicyArn,
          roles: roles.map(({ roleName }) => roleName),
        },
      },
      subscribers: [{ type: 'SNS', address: alarmTopic.topicArn }],
    });
    // Budgets tries the role's rights when the action is made.
    action.node.addDependency(this.executionRole);
  }
}

/**
 * Lets AWS Budgets publish to a topic of the app, for this account alone. A topic's first statement takes away what the
 * policy allows that it had by default, by which CloudWatch's alarms come: so they are let in as well.
 */
function admitBudgets(topic: sns.ITopic): void {
  const ofThisAccount = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };
  const publishers = ['budgets.amazonaws.com', 'cloudwatch.amazonaws.com'].map(
    (name) => new iam.ServicePrincipal(name),
  );
  for (const principal of publishers) {
    topic.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [principal],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: ofThisAccount,
      }),
    );
  }
  topic.masterKey?.addToResourcePolicy(
    new iam.PolicyStatement({
      principals: publishers,
      // As SNS asks for them in the publisher's name ("Key management", SNS developer guide).
      actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      // The key itself.
      resources: ['*'],
      conditions: ofThisAccount,
    }),
  );
}

function validate(check: ConfigCheck, { perMonth, roles, alarmTopic, tagKey, tagValue }: SpendFuseProps): void {
  check
    .require(
      perMonth.toMicroUsd() >= CENT && perMonth.toMicroUsd() % CENT === 0,
      'perMonth',
      'must be at least 0.01 USD, in whole cents',
      perMonth,
    )
    .require(
      roles.length >= 1 && roles.length <= MOST_ROLES,
      'roles',
      `must be between 1 and ${MOST_ROLES} roles`,
      `${roles.length} roles`,
    )
    .require(!alarmTopic.fifo, 'alarmTopic', 'must be a standard topic', 'a FIFO topic')
    .require(
      tagValue === undefined || (tagValue.length >= 1 && tagValue.length <= 256),
      'tagValue',
      'must have 1 to 256 characters',
      tagValue,
    )
    .require(
      tagKey === undefined || (tagValue !== undefined && /^[^$]{1,128}$/.test(tagKey)),
      'tagKey',
      'must have 1 to 128 characters, without `$`, and needs `tagValue`',
      tagKey,
    )
    .throwProblems();
}
