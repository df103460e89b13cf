import '../../doubles/environment';
import { KMSClient } from '@aws-sdk/client-kms';
import { KmsDataKeys } from '../../../../lambda/runtime/sealing/kms-data-keys';
import { Cloud } from '../../doubles/cloud';
import { DATA_KEY_ARN } from '../../doubles/environment';

const context = { jobId: 'job_1', clientId: 'client-a' };

test('a data key is unwrapped under its own context, and under no other', async () => {
  const cloud = new Cloud();
  const keys = new KmsDataKeys(new KMSClient({}), DATA_KEY_ARN);
  const { plaintext, wrapped } = await keys.generate(context);
  expect(plaintext).toHaveLength(32);
  expect(await keys.unwrap(wrapped, context)).toEqual(plaintext);
  await expect(keys.unwrap(wrapped, { ...context, clientId: 'client-b' })).rejects.toThrow();
  expect(cloud.steps).toEqual(['GenerateDataKey', 'Decrypt', 'Decrypt']);
});
