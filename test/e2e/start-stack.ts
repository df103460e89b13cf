import { createProgress } from '../../local/progress';
import { type LocalStack, startLocalStack } from '../../local/stack';
import { ADDRESSES_VARIABLE } from './stack-under-test';

declare global {
  /** The stack that the end-to-end tests run on, from their start to their end. */
  var stackUnderTest: LocalStack | undefined;
}

/** Brings the stack up once for all files, through the same door as `npm run local`. */
export default async function startStack(): Promise<void> {
  const progress = createProgress({ write: (line) => process.stderr.write(`${line}\n`) });
  const interruption = new AbortController();
  interruption.signal.addEventListener('abort', () => process.stderr.write(`${interruption.signal.reason}\n`));
  const stack = await startLocalStack({ instance: 'e2e', progress, interruption });
  globalThis.stackUnderTest = stack;
  process.env[ADDRESSES_VARIABLE] = JSON.stringify({ addresses: stack.addresses, gaps: stack.gaps });
}
