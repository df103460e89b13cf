import { DescribeTimeToLiveCommand, DynamoDBClient, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import type { EmulatorGap } from './gap';

interface Specification {
  readonly AttributeName: string;
  readonly Enabled: boolean;
}

/** Expiry of table items. */
export const timeToLive: EmulatorGap = {
  name: 'time-to-live',
  reason: 'CloudFormation drops TimeToLiveSpecification: items would never expire',
  resourceType: 'AWS::DynamoDB::Table',
  concerns: ({ properties }) => (properties.TimeToLiveSpecification as Specification | undefined)?.Enabled === true,
  async isClosed({ physicalId }, _stack, access) {
    const client = new DynamoDBClient({ ...access });
    const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: physicalId }));
    return TimeToLiveDescription?.TimeToLiveStatus === 'ENABLED';
  },
  async fill({ physicalId, properties }, _stack, access) {
    const TimeToLiveSpecification = properties.TimeToLiveSpecification as Specification;
    const client = new DynamoDBClient({ ...access });
    await client.send(new UpdateTimeToLiveCommand({ TableName: physicalId, TimeToLiveSpecification }));
  },
};
