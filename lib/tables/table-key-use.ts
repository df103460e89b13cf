import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';

/** What DynamoDB does with the table's key in the name of whoever reads. */
export const KEY_USE_TO_READ = ['kms:Decrypt', 'kms:DescribeKey'];

/**
 * What DynamoDB may do with the table's key in the name of whoever writes.
 * Source: "DynamoDB encryption at rest: usage notes", the least permissions on a customer-managed key, without
 * CreateGrant, which only the table's creator needs.
 */
export const KEY_USE_TO_WRITE = [
  ...KEY_USE_TO_READ,
  'kms:Encrypt',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
];

/** Lets the grantee use a key through one service, such as `dynamodb`, and in no other way. */
export function grantKeyThrough(
  grantee: iam.IGrantable,
  key: kms.IKey,
  service: string,
  actions: readonly string[],
): iam.Grant {
  return iam.Grant.addToPrincipal({
    grantee,
    actions: [...actions],
    resourceArns: [key.keyArn],
    conditions: { StringEquals: { 'kms:ViaService': `${service}.${Stack.of(key).region}.amazonaws.com` } },
  });
}
