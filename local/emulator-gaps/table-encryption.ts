import { DescribeTableCommand, DynamoDBClient, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import type { EmulatorGap } from './gap';

interface Specification {
  readonly SSEEnabled: boolean;
  readonly KMSMasterKeyId?: unknown;
}

/** Encryption of tables with a customer-managed key. */
export const tableEncryption: EmulatorGap = {
  name: 'table-encryption',
  reason: 'CloudFormation drops SSESpecification: the table would not name its key',
  resourceType: 'AWS::DynamoDB::Table',
  concerns: ({ properties }) => (properties.SSESpecification as Specification | undefined)?.SSEEnabled === true,
  async isClosed({ physicalId }, _stack, access) {
    const client = new DynamoDBClient({ ...access });
    const { Table } = await client.send(new DescribeTableCommand({ TableName: physicalId }));
    return Table?.SSEDescription?.Status === 'ENABLED';
  },
  async fill({ physicalId, properties }, stack, access) {
    const key = stack.resolve((properties.SSESpecification as Specification).KMSMasterKeyId);
    const client = new DynamoDBClient({ ...access });
    const SSESpecification = { Enabled: true, SSEType: 'KMS' as const, ...(key && { KMSMasterKeyId: key }) };
    await client.send(new UpdateTableCommand({ TableName: physicalId, SSESpecification }));
  },
};
