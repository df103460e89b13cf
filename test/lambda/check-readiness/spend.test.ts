import '../doubles/environment';
import { BatchGetItemCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import type { HealthReport } from '../../../lib/contract/health';
import { captureOutput } from '../doubles/console-capture';
import { apiEvent, context } from '../doubles/events';

test('where spending is capped, a cut-off takes the service out of readiness, and says nothing of who did it', async () => {
  process.env[EnvironmentKey.LEDGER_TABLE] = 'ledger';
  process.env[EnvironmentKey.LEDGER_SHARDS] = '2';
  const dynamodb = mockClient(DynamoDBClient);
  const cut = { reason: 'INC-7', by: 'arn:aws:iam::1:user/a', at: 0 };
  const settings = { key: 'settings', version: 2, deployed: { globalDay: 100 }, override: {}, cut };
  dynamodb.on(GetItemCommand).resolves({});
  dynamodb.on(BatchGetItemCommand).resolves({ Responses: { ledger: [marshall(settings)] } });
  const { handler } = await import('../../../lambda/check-readiness/handler');
  const output = captureOutput();
  const response = await handler(apiEvent({ clientId: '', resource: '/ready' }) as never, context());
  output.release();
  expect(response.statusCode).toBe(503);
  const { checks } = JSON.parse(response.body) as HealthReport;
  expect(checks.find(({ name }) => name === 'spend')).toMatchObject({
    status: 'down',
    critical: true,
    detail: { cutOff: true, dayLeftPercent: 100 },
  });
  expect(response.body).not.toMatch(/INC-7|arn:/);
});
