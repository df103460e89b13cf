import { Stack, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { JOB_SEALING_CONTEXT } from '../contract/sealing-context';
import type { StandardFunction } from '../functions/standard-function';
import type { DataStack } from './data-stack';

/** What DynamoDB does with the table's key in the name of whoever reads. */
const KEY_USE_TO_READ = ['kms:Decrypt', 'kms:DescribeKey'];

/**
 * What DynamoDB may do with the table's key in the name of whoever writes.
 * Source: "DynamoDB encryption at rest: usage notes", the least permissions on a customer-managed key, without
 * CreateGrant, which only the table's creator needs.
 */
const KEY_USE_TO_WRITE = [
  ...KEY_USE_TO_READ,
  'kms:Encrypt',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
];

/**
 * The rights that the service's functions have on the data stack: single actions on single resources, and the
 * data key only through the service that uses it or under the context of a job.
 */
export class DataAccess {
  constructor(private readonly data: DataStack) {}

  /** Reads the hashes of a client's keys. */
  public readClients(reader: StandardFunction): void {
    this.data.clientsTable.grant(reader, 'dynamodb:GetItem');
    this.useKeyThrough(reader, 'dynamodb', KEY_USE_TO_READ);
  }

  /** Reads rows of jobs. */
  public readJobs(reader: StandardFunction): void {
    this.data.jobsTable.grant(reader, 'dynamodb:GetItem');
    this.useKeyThrough(reader, 'dynamodb', KEY_USE_TO_READ);
  }

  /** Writes a new job, reads the one that is there already, and removes one that is past its retention. */
  public createJobs(writer: StandardFunction): void {
    this.data.jobsTable.grant(writer, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem');
    this.useKeyThrough(writer, 'dynamodb', KEY_USE_TO_WRITE);
  }

  /** Leases, settles and returns jobs. */
  public processJobs(writer: StandardFunction): void {
    this.data.jobsTable.grant(writer, 'dynamodb:PutItem', 'dynamodb:UpdateItem');
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

  /** Reads the upstream's credential. */
  public readUpstreamSecret(reader: StandardFunction): void {
    reader.addToRolePolicy(
      new iam.PolicyStatement({
        actions: ['secretsmanager:GetSecretValue'],
        resources: [this.data.upstreamSecret.secretArn],
      }),
    );
    this.useKeyThrough(reader, 'secretsmanager', ['kms:Decrypt']);
  }

  /**
   * Follows the stream of the jobs table.
   *
   * @returns the policy that must be there before Lambda accepts the event-source mapping
   */
  public followJobs(follower: StandardFunction): iam.Policy {
    follower.addToRolePolicy(
      new iam.PolicyStatement({
        actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
        resources: [this.streamArn],
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

  /** ARN of the stream of the jobs table. */
  public get streamArn(): string {
    const arn = this.data.jobsTable.tableStreamArn;
    if (arn === undefined) {
      throw new Error('The jobs table has no stream.');
    }
    return arn;
  }

  private useKeyThrough(user: StandardFunction, service: string, actions: string[]): void {
    user.addToRolePolicy(
      new iam.PolicyStatement({
        actions,
        resources: [this.data.dataKey.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `${service}.${Stack.of(user).region}.amazonaws.com` } },
      }),
    );
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
