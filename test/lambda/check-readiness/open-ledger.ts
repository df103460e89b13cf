import { BatchGetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { LEDGER_SETTINGS_KEY } from '../../../lib/contract/ledger';
import { LEDGER_TABLE } from '../doubles/environment';

/** A DynamoDB in which every table answers without a row, but for a ledger that is open and has no caps. */
export const mockOpenLedger = () => {
  const dynamodb = mockClient(DynamoDBClient);
  const settings = { key: LEDGER_SETTINGS_KEY, version: 1, deployed: {}, override: {} };
  dynamodb.onAnyCommand().resolves({});
  dynamodb.on(BatchGetItemCommand).resolves({ Responses: { [LEDGER_TABLE]: [marshall(settings)] } });
  return dynamodb;
};
