import { ReadStream } from 'node:tty';
import { CommandFailure, CommandUsageError } from '../failure';

/** Most characters that are read. */
const MOST = 64 * 1024;

const END = new Set(['\r', '\n', '\u0004']);
const INTERRUPT = '\u0003';
const ERASE = new Set(['\u007f', '\b']);

/**
 * Reads all of standard input; where somebody types, one line without an echo.
 *
 * @throws CommandFailure where the person presses Ctrl-C
 */
export async function readSecret(input: NodeJS.ReadStream, output: NodeJS.WritableStream): Promise<string> {
  if (!(input instanceof ReadStream) || !input.isTTY) return readAll(input);
  output.write('The value, which is not shown: ');
  input.setRawMode(true);
  try {
    return await readLine(input.iterator({ destroyOnReturn: false }));
  } finally {
    input.setRawMode(false);
    input.pause();
    output.write('\n');
  }
}

async function readAll(input: AsyncIterable<Uint8Array | string>): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += chunk.toString();
    if (text.length > MOST) throw new CommandUsageError(`the input must be at most ${MOST} characters`);
  }
  return text;
}

/** What is typed up to Enter, as a terminal in raw mode gives it. */
export async function readLine(input: AsyncIterable<Uint8Array | string>): Promise<string> {
  let line = '';
  for await (const chunk of input) {
    for (const character of chunk.toString()) {
      if (END.has(character)) return line;
      if (character === INTERRUPT) throw new CommandFailure('interrupted: nothing was changed');
      line = ERASE.has(character) ? line.slice(0, -1) : line + character;
      if (line.length > MOST) throw new CommandUsageError(`the input must be at most ${MOST} characters`);
    }
  }
  return line;
}
