import { DescribeContinuousBackupsCommand, DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { JobsTable } from '../../lib/contract/tables';
import { ALL_GAPS, closedGaps } from '../../local/emulator-gaps/all-gaps';
import { StackUnderTest } from './stack-under-test';

const stack = new StackUnderTest();
const { jobsTable } = stack.addresses.deployment;

test('every gap was looked at, and none is filled that the emulator has closed', () => {
  expect(stack.gaps.map(({ name }) => name)).toEqual(ALL_GAPS.map(({ name }) => name));
  expect(closedGaps(stack.gaps)).toEqual([]);
});

test('the jobs table expires its items and can be restored to a point in time', async () => {
  const ttl = await stack.tables.send(new DescribeTimeToLiveCommand({ TableName: jobsTable }));
  expect(ttl.TimeToLiveDescription).toEqual({
    AttributeName: JobsTable.TIME_TO_LIVE,
    TimeToLiveStatus: 'ENABLED',
  });
  const backups = await stack.tables.send(new DescribeContinuousBackupsCommand({ TableName: jobsTable }));
  const description = backups.ContinuousBackupsDescription?.PointInTimeRecoveryDescription;
  expect(description?.PointInTimeRecoveryStatus).toBe('ENABLED');
});
