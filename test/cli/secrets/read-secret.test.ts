import { PassThrough, Readable } from 'node:stream';
import { readSecret, readTyped } from '../../../cli/secrets/read-secret';

const typed = (...chunks: string[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));

test('what is piped in is read to its end, and nothing is asked', async () => {
  const output = new PassThrough();
  const input = typed('first ', 'line\nsecond', '\n') as unknown as NodeJS.ReadStream;
  expect(await readSecret(false, input, output)).toBe('first line\nsecond\n');
  expect(output.read()).toBeNull();
});

test('too much is refused', async () => {
  const input = typed(...Array.from({ length: 66 }, () => 'x'.repeat(1_000))) as unknown as NodeJS.ReadStream;
  await expect(readSecret(false, input, new PassThrough())).rejects.toThrow(
    'the input must be at most 65536 characters',
  );
});

test.each([
  [['abc\r'], 'abc'],
  [['a', 'b\nc'], 'ab'],
  [['abx\u007fc\r'], 'abc'],
  [['\b\bab\u0004'], 'ab'],
  [['ab'], 'ab'],
])('typing %j gives %j', async (chunks, line) => {
  expect(await readTyped(typed(...chunks), false)).toBe(line);
});

test.each([
  [['1 a\r2 b\r\r3 c'], '1 a\n2 b\n'],
  [['1 a\n2', ' b\n', '\n'], '1 a\n2 b\n'],
  [['1 a\r2 b\u0004'], '1 a\n2 b'],
])('many lines, pasted or typed as %j, end at an empty one', async (chunks, lines) => {
  expect(await readTyped(typed(...chunks), true)).toBe(lines);
});

test('Ctrl-C is an interruption', async () => {
  await expect(readTyped(typed('ab\u0003'), true)).rejects.toThrow('interrupted: nothing was changed');
});

test('a line without an end is refused', async () => {
  await expect(readTyped(typed('x'.repeat(70_000)), false)).rejects.toThrow(
    'the input must be at most 65536 characters',
  );
});
