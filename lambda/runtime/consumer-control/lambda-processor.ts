import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Received } from '../work-queue/work-queue';
import type { IProcessor } from './processor';

/** The record as Lambda's own poller would hand it over. */
const recordOf = ({ messageId, receiptHandle, body, attributes, messageAttributes }: Received): SQSRecord => ({
  messageId,
  receiptHandle,
  body,
  attributes: attributes as unknown as SQSRecord['attributes'],
  messageAttributes: messageAttributes as SQSRecord['messageAttributes'],
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: '',
  awsRegion: '',
});

/** The processor's function, invoked and waited for. */
export class LambdaProcessor implements IProcessor {
  readonly #client: LambdaClient;
  readonly #functionName: string;

  constructor(client: LambdaClient, functionName: string) {
    this.#client = client;
    this.#functionName = functionName;
  }

  async process(message: Received): Promise<boolean> {
    const event: SQSEvent = { Records: [recordOf(message)] };
    const { FunctionError, Payload } = await this.#client.send(
      new InvokeCommand({ FunctionName: this.#functionName, Payload: JSON.stringify(event) }),
    );
    if (FunctionError) return false;
    const answer = JSON.parse(Buffer.from(Payload ?? []).toString('utf8')) as SQSBatchResponse | null;
    return answer?.batchItemFailures?.length === 0;
  }
}
