import { GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { JobMessage } from '../lib/contract/messages';
import { accessTo } from './endpoint';
import type { StackAddresses } from './stack';

/** Ids of the jobs whose messages are in the dead-letter queue; the messages stay there. */
export async function peekDeadLetters({ endpoint, deployment }: StackAddresses): Promise<string[]> {
  const client = new SQSClient({ ...accessTo(endpoint) });
  const QueueUrl = deployment.deadLetterQueueUrl;
  const jobIds = new Set<string>();
  const count = await countMessages(client, QueueUrl);
  // Invisible for a moment only, long enough that no message comes twice while the rest is read.
  for (let seen = 0; seen < count; ) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 2, WaitTimeSeconds: 1 }),
    );
    if (Messages.length === 0) break;
    seen += Messages.length;
    for (const { Body = '{}' } of Messages) jobIds.add((JSON.parse(Body) as JobMessage).jobId);
  }
  return [...jobIds];
}

/** Messages in a queue, waiting, delayed or being processed. */
export async function countQueue({ endpoint }: StackAddresses, queueUrl: string): Promise<number> {
  return countMessages(new SQSClient({ ...accessTo(endpoint) }), queueUrl);
}

async function countMessages(client: SQSClient, QueueUrl: string): Promise<number> {
  const names = [
    'ApproximateNumberOfMessages',
    'ApproximateNumberOfMessagesNotVisible',
    'ApproximateNumberOfMessagesDelayed',
  ] as const;
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }),
  );
  return names.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
}
