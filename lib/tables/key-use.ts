/** What DynamoDB does with a table's key in the name of whoever reads. */
export const KEY_USE_TO_READ = ['kms:Decrypt', 'kms:DescribeKey'];

/**
 * What DynamoDB may do with a table's key in the name of whoever writes.
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
