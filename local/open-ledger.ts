import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { AwsAccess, Deployment } from '../cli/deployment';
import { SpendAction } from '../lib/contract/spend-control';
import { LocalFailure } from './failure';

/**
 * Lets the control of spending run once, as its schedule does within a minute of a deployment: until then the ledger has
 * no caps, and every submission is refused.
 * @throws LocalFailure where it fails
 */
export async function openLedger({ spend }: Deployment, access: AwsAccess): Promise<void> {
  if (spend.controller === undefined) return;
  const { FunctionError, Payload } = await new LambdaClient({ ...access }).send(
    new InvokeCommand({ FunctionName: spend.controller, Payload: JSON.stringify({ action: SpendAction.RUN }) }),
  );
  if (FunctionError) {
    throw new LocalFailure(`local: the control of spending failed: ${Buffer.from(Payload ?? []).toString('utf8')}`);
  }
}
