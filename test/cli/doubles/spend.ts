import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { controlSpend } from '../../../lambda/control-spend/control-spend';
import type { SpendRequest } from '../../../lib/contract/spend-control';
import { SpendWorld } from '../../lambda/control-spend/spend-world';
import { deployment } from './deployment';

const mockLambda = () => mockClient(LambdaClient);

/** The function that controls spending, by its own code over a ledger in memory, behind the SDK's client. */
export class SpendDouble {
  readonly world = new SpendWorld();
  readonly requests: SpendRequest[] = [];
  #opened: Promise<void> | undefined;

  constructor(lambda: ReturnType<typeof mockLambda>) {
    lambda
      .on(InvokeCommand, { FunctionName: deployment.spend.controller })
      .callsFake(({ Payload }) => this.#invoke(JSON.parse(Buffer.from(Payload).toString('utf8'))));
  }

  /** The ledger under its deployed caps. */
  opened(): Promise<SpendWorld> {
    this.#opened ??= this.world.open();
    return this.#opened.then(() => this.world);
  }

  async #invoke(request: SpendRequest) {
    this.requests.push(request);
    const { dependencies } = await this.opened();
    try {
      return { Payload: Buffer.from(JSON.stringify(await controlSpend(request, dependencies))) };
    } catch (error) {
      const { name, message } = error as Error;
      const Payload = Buffer.from(JSON.stringify({ errorType: name, errorMessage: message }));
      return { FunctionError: 'Unhandled', Payload };
    }
  }
}
