import { ReadStream } from 'node:tty';
import { CommandFailure, CommandUsageError } from '../failure';

/** Most characters that are read. */
const MOST = 64 * 1024;

const NEW_LINE = new Set(['\r', '\n']);
const END = '\u0004';
const INTERRUPT = '\u0003';
const ERASE = new Set(['\u007f', '\b']);

/**
 * Reads all of standard input; where somebody types, without an echo: one line, or `isMany` lines up to an empty one.
 *
 * @throws CommandFailure where the person presses Ctrl-C
 */
export async function readSecret(
  isMany: boolean,
  input: NodeJS.ReadStream,
  output: NodeJS.WritableStream,
): Promise<string> {
  if (!(input instanceof ReadStream) || !input.isTTY) return readAll(input);
  input.setRawMode(true);
  // Only now, as what somebody types before it would be echoed.
  output.write(isMany ? 'The values, a line each, then an empty line; they are not shown: ' : 'The value, not shown: ');
  try {
    return await readTyped(input.iterator({ destroyOnReturn: false }), isMany);
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
    checkLength(text);
  }
  return text;
}

/** What is typed or pasted, as a terminal in raw mode gives it. */
export async function readTyped(input: AsyncIterable<Uint8Array | string>, isMany: boolean): Promise<string> {
  let [lines, line] = ['', ''];
  for await (const chunk of input) {
    for (const character of chunk.toString()) {
      if (character === INTERRUPT) throw new CommandFailure('interrupted: nothing was changed');
      const isNewLine = NEW_LINE.has(character);
      if (character === END || (isNewLine && (!isMany || line === ''))) return lines + line;
      if (isNewLine) [lines, line] = [`${lines}${line}\n`, ''];
      else line = ERASE.has(character) ? line.slice(0, -1) : line + character;
      checkLength(lines + line);
    }
  }
  return lines + line;
}

function checkLength(text: string): void {
  if (text.length > MOST) throw new CommandUsageError(`the input must be at most ${MOST} characters`);
}
