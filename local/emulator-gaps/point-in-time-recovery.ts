import {
  DescribeContinuousBackupsCommand,
  DynamoDBClient,
  UpdateContinuousBackupsCommand,
} from '@aws-sdk/client-dynamodb';
import type { EmulatorGap } from './gap';

interface Specification {
  readonly PointInTimeRecoveryEnabled: boolean;
}

/** Point-in-time recovery of tables. */
export const pointInTimeRecovery: EmulatorGap = {
  name: 'point-in-time-recovery',
  reason: 'CloudFormation drops PointInTimeRecoverySpecification: a restore would have nothing to restore from',
  resourceType: 'AWS::DynamoDB::Table',
  concerns: ({ properties }) =>
    (properties.PointInTimeRecoverySpecification as Specification | undefined)?.PointInTimeRecoveryEnabled === true,
  async isClosed({ physicalId }, _stack, access) {
    const client = new DynamoDBClient({ ...access });
    const answer = await client.send(new DescribeContinuousBackupsCommand({ TableName: physicalId }));
    const description = answer.ContinuousBackupsDescription?.PointInTimeRecoveryDescription;
    return description?.PointInTimeRecoveryStatus === 'ENABLED';
  },
  async fill({ physicalId }, _stack, access) {
    const client = new DynamoDBClient({ ...access });
    const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
    await client.send(new UpdateContinuousBackupsCommand({ TableName: physicalId, PointInTimeRecoverySpecification }));
  },
};
