import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { ConfigCheck } from '../config-error';
import { EnvironmentKey } from '../contract/environment-keys';
import { DEFAULT_GLOBAL_SHARDS, LedgerTable, MAX_GLOBAL_SHARDS } from '../contract/ledger';
import { KEY_USE_TO_READ, KEY_USE_TO_WRITE } from '../tables/table-key-use';
import { SpendAlarms } from './spend-alarms';
import type { SpendSettings } from './spend-settings';

/** Percentages of a cap, as they are spent, from which on somebody is told, unless said otherwise. */
export const DEFAULT_WARNINGS = [50, 80, 95];

/** Settings of a `SpendCap`. */
export interface SpendCapProps extends SpendSettings {
  /**
   * Customer-managed key that encrypts the ledger's table.
   *
   * @default - a key of the ledger's own, rotated yearly
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Told when one of the alarms begins and ends. A topic under a customer-managed key hears nothing unless that key
   * lets CloudWatch use it.
   *
   * @default - nobody: the alarms have no actions
   */
  readonly alarmTopic?: sns.ITopic;

  /**
   * What becomes of table and key when they leave the stack. A table that is not to be destroyed is also protected
   * against deletion.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

const READ_ACTIONS = ['GetItem', 'BatchGetItem'];

/** What a commit of the ledger consists of: rows that are read, put, changed, and only looked at. */
const COMMIT_ACTIONS = [...READ_ACTIONS, 'PutItem', 'UpdateItem', 'ConditionCheckItem'];

/**
 * A cap on what is spent upstream that holds under any concurrency: the table in which the worst case of each call is
 * reserved before it is made, what functions have to know of caps and prices, and the alarms. The functions themselves
 * commit by `SpendLedger` of `cdk-bulwark/runtime`.
 */
export class SpendCap extends Construct {
  /** One row for each window of a client, each shard of the caps and each reservation. */
  public readonly table: dynamodb.Table;
  /** The key that encrypts it. */
  public readonly encryptionKey: kms.IKey;
  /** Alarms on the caps, a cut-off, calls that cost more than was reserved, and the ledger itself. */
  public readonly alarms: SpendAlarms;
  /** Rows that the caps are leased to. */
  public readonly shards: number;
  /** Environment by which a function of Bulwark knows ledger, caps and prices. */
  public readonly environment: { [key: string]: string };

  /** @throws ConstructConfigError naming every prop that is out of its range. */
  constructor(scope: Construct, id: string, props: SpendCapProps) {
    const shards = props.shards ?? DEFAULT_GLOBAL_SHARDS;
    const warnAtPercent = props.warnAtPercent ?? DEFAULT_WARNINGS;
    validate(new ConfigCheck(scope, id), { ...props, shards, warnAtPercent });
    super(scope, id);
    this.shards = shards;
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.encryptionKey = props.encryptionKey ?? this.createKey(removalPolicy);
    this.table = this.createTable(removalPolicy);
    this.environment = {
      [EnvironmentKey.LEDGER_TABLE]: this.table.tableName,
      [EnvironmentKey.LEDGER_SHARDS]: String(shards),
      [EnvironmentKey.GLOBAL_CAP_DAY]: String(props.perDay.toMicroUsd()),
      [EnvironmentKey.GLOBAL_CAP_MONTH]: String(props.perMonth.toMicroUsd()),
      [EnvironmentKey.PRICE_BOOK]: props.prices._packed,
    };
    this.alarms = new SpendAlarms(this, 'Alarms', { warnAtPercent, topic: props.alarmTopic });
  }

  /** Lets the grantee reserve the worst case of a job before it is accepted. */
  public grantReserve(grantee: iam.IGrantable): iam.Grant {
    return this.grantTable(grantee, COMMIT_ACTIONS, KEY_USE_TO_WRITE);
  }

  /** Lets the grantee begin calls, settle what they have cost, and close the reservation of a job that has ended. */
  public grantSettle(grantee: iam.IGrantable): iam.Grant {
    return this.grantTable(grantee, COMMIT_ACTIONS, KEY_USE_TO_WRITE);
  }

  /** Lets the grantee find reservations whose lease has ended and close them, and heal what was left half done. */
  public grantSweep(grantee: iam.IGrantable): iam.Grant {
    const finding = iam.Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:Query'],
      resourceArns: [`${this.table.tableArn}/index/${LedgerTable.LEASES_INDEX}`],
    });
    return finding.combine(this.grantTable(grantee, COMMIT_ACTIONS, KEY_USE_TO_WRITE));
  }

  /** Lets the grantee read what is left, change the caps, cut spending off and restore it. */
  public grantControl(grantee: iam.IGrantable): iam.Grant {
    return this.grantTable(grantee, COMMIT_ACTIONS, KEY_USE_TO_WRITE);
  }

  /** Lets the grantee read what was spent and what is left, and nothing else. */
  public grantRead(grantee: iam.IGrantable): iam.Grant {
    return this.grantTable(grantee, READ_ACTIONS, KEY_USE_TO_READ);
  }

  /** Unlike the table's own grants, which take in its index, and more of the key. */
  private grantTable(grantee: iam.IGrantable, actions: readonly string[], keyActions: string[]): iam.Grant {
    const onTable = iam.Grant.addToPrincipal({
      grantee,
      actions: actions.map((action) => `dynamodb:${action}`),
      resourceArns: [this.table.tableArn],
    });
    return onTable.combine(
      iam.Grant.addToPrincipal({
        grantee,
        actions: keyActions,
        resourceArns: [this.encryptionKey.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${Stack.of(this).region}.amazonaws.com` } },
      }),
    );
  }

  private createKey(removalPolicy: RemovalPolicy): kms.Key {
    return new kms.Key(this, 'Key', {
      description: `Encrypts the spend ledger ${this.node.path}.`,
      enableKeyRotation: true,
      removalPolicy,
    });
  }

  private createTable(removalPolicy: RemovalPolicy): dynamodb.Table {
    const table = new dynamodb.Table(this, 'Table', {
      partitionKey: { name: LedgerTable.PARTITION_KEY, type: dynamodb.AttributeType.STRING },
      timeToLiveAttribute: LedgerTable.TIME_TO_LIVE,
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.encryptionKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
      removalPolicy,
    });
    table.addGlobalSecondaryIndex({
      indexName: LedgerTable.LEASES_INDEX,
      partitionKey: { name: LedgerTable.LEASE_BUCKET, type: dynamodb.AttributeType.STRING },
      sortKey: { name: LedgerTable.LEASE_UNTIL, type: dynamodb.AttributeType.NUMBER },
      projectionType: dynamodb.ProjectionType.KEYS_ONLY,
    });
    return table;
  }
}

type Checked = Pick<SpendCapProps, 'perDay' | 'perMonth'> & {
  readonly shards: number;
  readonly warnAtPercent: number[];
};

function validate(check: ConfigCheck, { perDay, perMonth, shards, warnAtPercent }: Checked): void {
  check
    .require(perDay.toMicroUsd() > 0, 'perDay', 'must be more than 0', perDay)
    .require(
      perDay.toMicroUsd() <= perMonth.toMicroUsd(),
      'perDay',
      `must be at most \`perMonth\`, ${perMonth}, or it would never be reached`,
      perDay,
    )
    .integer('shards', shards, 1, MAX_GLOBAL_SHARDS)
    .require(
      warnAtPercent.length <= 5 &&
        new Set(warnAtPercent).size === warnAtPercent.length &&
        warnAtPercent.every(isPercent),
      'warnAtPercent',
      'must be up to 5 different integers between 1 and 99',
      warnAtPercent.join(', '),
    )
    .throwProblems();
}

const isPercent = (percent: number): boolean => Number.isInteger(percent) && percent >= 1 && percent <= 99;
