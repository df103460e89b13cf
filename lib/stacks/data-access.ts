import { Validations } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import { JOB_SEALING_CONTEXT } from '../contract/sealing-context';
import { JobsTable } from '../contract/tables';
import type { StandardFunction } from '../functions/standard-function';
import { grantKeyThrough, KEY_USE_TO_READ, KEY_USE_TO_WRITE } from '../tables/table-key-use';
import type { DataStack } from './data-stack';

/**
 * The rights that the service's functions have on the data stack: single actions on single resources, and the
 * data key only through the service that uses it or under the context of a job.
 */
export class DataAccess {
  constructor(private readonly data: DataStack) {}

  /** Reads the hashes of a client's keys. */
  public readClients(reader: StandardFunction): void {
    this.useTable(reader, this.data.clientsTable, 'dynamodb:GetItem');
    this.useKeyThrough(reader, 'dynamodb', KEY_USE_TO_READ);
  }

  /** Reads what clients have used of their limits. */
  public readLimits(reader: StandardFunction): void {
    this.useTable(reader, this.data.limitsTable, 'dynamodb:GetItem');
    this.useKeyThrough(reader, 'dynamodb', KEY_USE_TO_READ);
  }

  /** Counts what clients use of their limits. */
  public countRequests(writer: StandardFunction): void {
    this.useTable(writer, this.data.limitsTable, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
    this.useKeyThrough(writer, 'dynamodb', KEY_USE_TO_WRITE);
  }

  /** Reads rows of jobs. */
  public readJobs(reader: StandardFunction): void {
    this.useTable(reader, this.data.jobsTable, 'dynamodb:GetItem');
    this.useKeyThrough(reader, 'dynamodb', KEY_USE_TO_READ);
  }

  /** Finds the jobs that are due, puts them back into the queue and gives them up. */
  public sweepJobs(sweeper: StandardFunction): void {
    sweeper.addToRolePolicy(
      new iam.PolicyStatement({
        actions: ['dynamodb:Query'],
        resources: [`${this.data.jobsTable.tableArn}/index/${JobsTable.DUE_INDEX}`],
      }),
    );
    this.useTable(sweeper, this.data.jobsTable, 'dynamodb:UpdateItem');
    this.useKeyThrough(sweeper, 'dynamodb', KEY_USE_TO_WRITE);
  }

  /** Reads what the fleet has agreed on. */
  public readControl(reader: StandardFunction): void {
    this.useTable(reader, this.data.controlTable, 'dynamodb:GetItem');
    this.useKeyThrough(reader, 'dynamodb', KEY_USE_TO_READ);
  }

  /** Reads and changes what the fleet has agreed on. */
  public changeControl(writer: StandardFunction): void {
    this.useTable(writer, this.data.controlTable, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem');
    this.useKeyThrough(writer, 'dynamodb', KEY_USE_TO_WRITE);
  }

  /** Writes what it does by itself into the audit, of which it reads nothing. */
  public recordActs(writer: StandardFunction): void {
    this.useTable(writer, this.data.auditTable, 'dynamodb:PutItem');
    this.useKeyThrough(writer, 'dynamodb', KEY_USE_TO_WRITE);
  }

  /** Writes a new job, reads the one that is there already, and removes one that is past its retention. */
  public createJobs(writer: StandardFunction): void {
    this.useTable(writer, this.data.jobsTable, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem');
    this.useKeyThrough(writer, 'dynamodb', KEY_USE_TO_WRITE);
  }

  /** Leases, settles and returns jobs. */
  public processJobs(writer: StandardFunction): void {
    this.useTable(writer, this.data.jobsTable, 'dynamodb:PutItem', 'dynamodb:UpdateItem');
    this.useKeyThrough(writer, 'dynamodb', KEY_USE_TO_WRITE);
  }

  /** Makes the data key of a new job. */
  public sealJobs(sealer: StandardFunction): void {
    this.useKeyUnderJobContext(sealer, 'kms:GenerateDataKey');
  }

  /** Unwraps the data key of a job. */
  public openJobs(opener: StandardFunction): void {
    this.useKeyUnderJobContext(opener, 'kms:Decrypt');
  }

  /**
   * Follows the stream of the jobs table.
   *
   * @returns the policy that must be there before Lambda accepts the event-source mapping
   */
  public followJobs(follower: StandardFunction): iam.Policy {
    return this.follow(follower, this.data.jobsTable);
  }

  /**
   * Follows the stream of the control table.
   *
   * @returns the policy that must be there before Lambda accepts the event-source mapping
   */
  public followControl(follower: StandardFunction): iam.Policy {
    return this.follow(follower, this.data.controlTable);
  }

  /** ARN of the stream of a table. */
  public streamArnOf(table: dynamodb.Table): string {
    const arn = table.tableStreamArn;
    if (arn === undefined) {
      throw new Error(`The table ${table.node.path} has no stream.`);
    }
    return arn;
  }

  private follow(follower: StandardFunction, table: dynamodb.Table): iam.Policy {
    follower.addToRolePolicy(
      new iam.PolicyStatement({
        actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
        resources: [this.streamArnOf(table)],
      }),
    );
    const listing = new iam.Policy(follower, 'ListStreams', {
      roles: follower.role ? [follower.role] : [],
      statements: [new iam.PolicyStatement({ actions: ['dynamodb:ListStreams'], resources: ['*'] })],
    });
    Validations.of(listing).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'Lambda refuses an event-source mapping whose role cannot list streams, and the action takes no resource (Service Authorization Reference, DynamoDB); it returns names of streams, never their records.',
    });
    this.useKeyThrough(follower, 'dynamodb', KEY_USE_TO_READ);
    return listing;
  }

  /** Unlike the table's own grant, which takes in all of its indexes. */
  private useTable(user: StandardFunction, table: dynamodb.Table, ...actions: string[]): void {
    user.addToRolePolicy(new iam.PolicyStatement({ actions, resources: [table.tableArn] }));
  }

  private useKeyThrough(user: StandardFunction, service: string, actions: string[]): void {
    grantKeyThrough(user, this.data.dataKey, service, actions);
  }

  private useKeyUnderJobContext(user: StandardFunction, action: string): void {
    user.addToRolePolicy(
      new iam.PolicyStatement({
        actions: [action],
        resources: [this.data.dataKey.keyArn],
        conditions: {
          'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': [...JOB_SEALING_CONTEXT] },
          Null: Object.fromEntries(JOB_SEALING_CONTEXT.map((name) => [`kms:EncryptionContext:${name}`, 'false'])),
        },
      }),
    );
  }
}
