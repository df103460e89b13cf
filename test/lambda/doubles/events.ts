import { marshall } from '@aws-sdk/util-dynamodb';
import type { APIGatewayProxyEvent, Context, SQSRecord } from 'aws-lambda';
import type { PlanTerms } from '../../../lib/contract/client-plan';

export const CLIENT_ID = 'abcdefgh12345678';

export const context = (overrides: Partial<Context> = {}): Context =>
  ({ awsRequestId: 'invocation-1', getRemainingTimeInMillis: () => 300_000, ...overrides }) as Context;

/** What the authorizer says that the client may do: more than any test asks. */
export const PLAN: PlanTerms = { name: 'standard', requestsPerSecond: 1_000, burst: 1_000 };

/** A request as API Gateway's Lambda proxy integration hands it over. */
export const apiEvent = ({
  clientId = CLIENT_ID,
  plan = PLAN,
  ...overrides
}: Partial<APIGatewayProxyEvent> & {
  readonly clientId?: string;
  readonly plan?: PlanTerms;
} = {}): APIGatewayProxyEvent =>
  ({
    httpMethod: 'GET',
    resource: '/',
    path: '/',
    headers: {},
    multiValueHeaders: {},
    pathParameters: null,
    body: null,
    isBase64Encoded: false,
    requestContext: {
      requestId: 'request-1',
      authorizer: clientId ? { clientId, principalId: clientId, plan: JSON.stringify(plan) } : undefined,
    },
    ...overrides,
  }) as APIGatewayProxyEvent;

export const submission = (content = 'What is a bulwark?') => ({
  model: 'claude-sonnet-4-5',
  max_tokens: 256,
  messages: [{ role: 'user' as const, content }],
});

/** Micro-USD that the worst case of that submission costs: 98 tokens of input and 256 of output. */
export const WORST_CASE = 98 + 256 * 5;

/** `POST /v1/jobs` with a body, JSON unless it is text already. */
export const submitEvent = (
  body: unknown = submission(),
  { headers = {}, ...overrides }: Parameters<typeof apiEvent>[0] = {},
): APIGatewayProxyEvent =>
  apiEvent({
    httpMethod: 'POST',
    resource: '/v1/jobs',
    path: '/v1/jobs',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...overrides,
  });

export const sqsRecord = (body: unknown, { receives = 1, messageId = 'message-1' } = {}): SQSRecord =>
  ({
    messageId,
    receiptHandle: `receipt-${messageId}-${receives}`,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: { ApproximateReceiveCount: String(receives) },
  }) as SQSRecord;

/** A record of the jobs table's stream. */
export const streamRecord = (row: Record<string, unknown>, sequenceNumber = '1', eventName = 'INSERT') => ({
  eventName: eventName as 'INSERT',
  dynamodb: {
    SequenceNumber: sequenceNumber,
    NewImage: marshall(row, { removeUndefinedValues: true }) as Record<string, { S: string }>,
  },
});
