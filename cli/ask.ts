import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';

/** Asks for one line; an end of the input or Ctrl-C is an empty answer. */
export async function ask(
  question: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<string> {
  const terminal = createInterface({ input, output });
  const closed = once(terminal, 'close').then(() => '');
  terminal.once('SIGINT', () => terminal.close());
  try {
    // Ctrl-D rejects a question, where the end of a file leaves it open.
    return await Promise.race([terminal.question(question).catch(() => ''), closed]);
  } finally {
    terminal.close();
  }
}
