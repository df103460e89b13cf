import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { AwsAccess } from '../deployment';
import { CommandFailure } from '../failure';

/** Characters of a function's own message that are printed. */
const MESSAGE_LENGTH = 200;

/**
 * Calls a function and waits for its answer.
 *
 * @throws CommandFailure where the function fails
 */
export async function invoke(access: AwsAccess, functionName: string, event: unknown): Promise<unknown> {
  const { FunctionError, Payload } = await new LambdaClient({ ...access }).send(
    new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(event)) }),
  );
  const answer = parse(Payload);
  if (FunctionError) throw new CommandFailure(`${functionName} failed: ${describeError(answer)}`);
  return answer;
}

function parse(payload: Uint8Array | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(payload ?? []).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The functions put no secret into a message; the shape of a key is masked all the same. */
function describeError(answer: unknown): string {
  const { errorType = 'Error', errorMessage = '' } = (answer ?? {}) as Record<string, unknown>;
  const message = String(errorMessage).replace(/\b(sk-|bwk_|eyJ)\S+/g, '***');
  return `${errorType}: ${message}`.slice(0, MESSAGE_LENGTH);
}
