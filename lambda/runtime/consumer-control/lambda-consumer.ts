import {
  GetEventSourceMappingCommand,
  type LambdaClient,
  ResourceConflictException,
  ResourceInUseException,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { ConsumerBusyError, type ConsumerState, type IConsumer } from './consumer';

/** States of a mapping that receives nothing, or will in a moment. */
const STOPPED = new Set(['Disabled', 'Disabling']);

/** A Lambda function's event-source mapping for an SQS queue. */
export class LambdaConsumer implements IConsumer {
  readonly #client: LambdaClient;
  readonly #mapping: string;
  readonly #maxConcurrency: number;

  /**
   * @param mapping UUID of the mapping
   * @param maxConcurrency what a mapping has that names no concurrency
   */
  constructor(client: LambdaClient, mapping: string, maxConcurrency: number) {
    this.#client = client;
    this.#mapping = mapping;
    this.#maxConcurrency = maxConcurrency;
  }

  async read(): Promise<ConsumerState> {
    const { State, ScalingConfig } = await this.#client.send(new GetEventSourceMappingCommand({ UUID: this.#mapping }));
    return {
      isEnabled: !STOPPED.has(State ?? ''),
      concurrency: ScalingConfig?.MaximumConcurrency ?? this.#maxConcurrency,
    };
  }

  pause(): Promise<void> {
    return this.#update({ Enabled: false });
  }

  resume(concurrency: number): Promise<void> {
    return this.#update({ Enabled: true, ScalingConfig: { MaximumConcurrency: concurrency } });
  }

  async #update(change: { Enabled: boolean; ScalingConfig?: { MaximumConcurrency: number } }): Promise<void> {
    try {
      await this.#client.send(new UpdateEventSourceMappingCommand({ UUID: this.#mapping, ...change }));
    } catch (error) {
      const isBusy = error instanceof ResourceInUseException || error instanceof ResourceConflictException;
      throw isBusy ? new ConsumerBusyError(error) : error;
    }
  }
}
