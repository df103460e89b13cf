import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { type LimitRow, LimitsTable } from '../../../lib/contract/limits-table';
import { type Admission, type BucketStep, REMEMBERED_REQUESTS, type RowUpdate, type WindowStep } from './admission';
import type { AdmissionAnswer, IRateLimitStore } from './rate-limit-store';

/** A part of a conditional update: what must hold, what is set, and the values that both name. */
interface Part {
  readonly conditions: readonly string[];
  readonly sets: readonly string[];
  readonly values: Readonly<Record<string, string | number | undefined>>;
}

const bucketPart = (step: BucketStep): Part => {
  switch (step.kind) {
    case 'drain':
      return {
        conditions: ['fullAtUs > :since', 'fullAtUs <= :latest', 'intervalUs = :interval'],
        sets: ['fullAtUs = fullAtUs + :costUs'],
        values: {
          ':since': step.sinceUs,
          ':latest': step.latestUs,
          ':costUs': step.costUs,
          ':interval': step.intervalUs,
        },
      };
    case 'full':
      return {
        conditions: ['fullAtUs <= :now'],
        sets: ['fullAtUs = :fullAt', 'intervalUs = :interval'],
        values: { ':now': step.nowUs, ':fullAt': step.fullAtUs, ':interval': step.intervalUs },
      };
    case 'convert':
      return {
        conditions: ['fullAtUs = :seenFullAt', 'intervalUs = :seenInterval'],
        sets: ['fullAtUs = :fullAt', 'intervalUs = :interval'],
        values: {
          ':seenFullAt': step.seenFullAtUs,
          ':seenInterval': step.seenIntervalUs,
          ':fullAt': step.fullAtUs,
          ':interval': step.intervalUs,
        },
      };
  }
};

const within = (count: 'dayCount' | 'monthCount', room: number | undefined): string[] =>
  room === undefined ? [] : [`${count} <= :${count}`];

const MORE_IN_MONTH = 'monthCount = monthCount + :cost';

const windowPart = (step: WindowStep): Part => {
  switch (step.kind) {
    case 'same-day':
      return {
        conditions: ['utcDay = :day', ...within('dayCount', step.dayRoom), ...within('monthCount', step.monthRoom)],
        sets: ['dayCount = dayCount + :cost', MORE_IN_MONTH],
        values: { ':day': step.day, ':dayCount': step.dayRoom, ':monthCount': step.monthRoom },
      };
    case 'next-day':
      return {
        conditions: ['utcDay < :day', 'utcDay >= :first', ...within('monthCount', step.monthRoom)],
        sets: ['utcDay = :day', 'dayCount = :cost', MORE_IN_MONTH],
        values: { ':day': step.day, ':first': step.firstOfMonth, ':monthCount': step.monthRoom },
      };
    case 'next-month':
      return {
        conditions: ['utcDay < :first'],
        sets: ['utcDay = :day', 'dayCount = :cost', 'monthCount = :cost', 'expiresAt = :expiresAt'],
        values: { ':day': step.day, ':first': step.firstOfMonth, ':expiresAt': step.expiresAt },
      };
  }
};

/** Each remembered request moves up by one; DynamoDB reads every right side before it writes any left one. */
const REMEMBER = Array.from({ length: REMEMBERED_REQUESTS }, (_, index) =>
  index + 1 < REMEMBERED_REQUESTS ? `recent[${index}] = recent[${index + 1}]` : `recent[${index}] = :token`,
);

const updateOf = ({ token, cost, bucket, window }: RowUpdate) => {
  const parts: Part[] = [
    { conditions: ['NOT contains(recent, :token)'], sets: REMEMBER, values: { ':token': token, ':cost': cost } },
    bucketPart(bucket),
    windowPart(window),
  ];
  return {
    ConditionExpression: parts.flatMap(({ conditions }) => conditions).join(' AND '),
    UpdateExpression: `SET ${parts.flatMap(({ sets }) => sets).join(', ')}`,
    ExpressionAttributeValues: marshall(Object.assign({}, ...parts.map(({ values }) => values)), {
      removeUndefinedValues: true,
    }),
  };
};

const firstOf = ({ clientId, ...row }: LimitRow) => ({
  ConditionExpression: 'attribute_not_exists(clientId)',
  UpdateExpression: `SET ${Object.keys(row)
    .map((name) => `${name} = :${name}`)
    .join(', ')}`,
  ExpressionAttributeValues: marshall(
    Object.fromEntries(Object.entries(row).map(([name, value]) => [`:${name}`, value])),
  ),
});

const keyOf = (clientId: string) => marshall({ [LimitsTable.PARTITION_KEY]: clientId });

/** One row of the limits table for each client; needs `dynamodb:GetItem` and `dynamodb:UpdateItem` on it. */
export class DynamoDbRateLimitStore implements IRateLimitStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(clientId: string): Promise<LimitRow | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: keyOf(clientId), ConsistentRead: true }),
    );
    return Item && (unmarshall(Item) as LimitRow);
  }

  async admit(admission: Admission): Promise<AdmissionAnswer> {
    const first = admission.kind === 'first';
    try {
      const { Attributes } = await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: keyOf(first ? admission.row.clientId : admission.clientId),
          ...(first ? firstOf(admission.row) : updateOf(admission)),
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { done: true, row: unmarshall(Attributes ?? {}) as LimitRow };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { done: false, row: error.Item && (unmarshall(error.Item) as LimitRow) };
    }
  }
}
