import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { EnvironmentKey } from '../lib/contract/environment-keys';
import { accessTo } from './endpoint';
import { LocalFailure } from './failure';
import type { StackAddresses } from './stack';

/** The relay between the jobs table and the queue, to be broken and healed by drills. */
export interface Relay {
  /** Stops or resumes its reading of the table's stream. */
  setReading(enabled: boolean): Promise<void>;
  /** Makes it crash whenever it is started, or no longer: without the queue's URL it refuses to start. */
  setStarting(enabled: boolean): Promise<void>;
}

/**
 * Finds the relay by the table whose stream it reads.
 * @throws LocalFailure when nothing reads the stream.
 */
export async function findRelay({ endpoint, deployment }: StackAddresses): Promise<Relay> {
  const client = new LambdaClient({ ...accessTo(endpoint) });
  const { EventSourceMappings = [] } = await client.send(new ListEventSourceMappingsCommand({}));
  const mapping = EventSourceMappings.find(({ EventSourceArn }) =>
    EventSourceArn?.includes(`:table/${deployment.jobsTable}/stream/`),
  );
  if (!mapping) throw new LocalFailure(`local: nothing reads the stream of ${deployment.jobsTable}`);
  const { UUID, FunctionArn: FunctionName } = mapping;
  return {
    async setReading(Enabled) {
      await client.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
    },
    async setStarting(enabled) {
      const { Environment } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
      const { [EnvironmentKey.QUEUE_URL]: _queueUrl, ...others } = Environment?.Variables ?? {};
      const Variables = enabled ? { ...others, [EnvironmentKey.QUEUE_URL]: deployment.queueUrl } : others;
      await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
    },
  };
}
