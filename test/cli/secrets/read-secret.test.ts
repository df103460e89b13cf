import { PassThrough, Readable } from 'node:stream';
import { readLine, readSecret } from '../../../cli/secrets/read-secret';

const typed = (...chunks: string[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));

test('what is piped in is read to its end, and nothing is asked', async () => {
  const output = new PassThrough();
  const input = typed('first ', 'line\nsecond', '\n') as unknown as NodeJS.ReadStream;
  expect(await readSecret(input, output)).toBe('first line\nsecond\n');
  expect(output.read()).toBeNull();
});

test('too much is refused', async () => {
  const input = typed(...Array.from({ length: 66 }, () => 'x'.repeat(1_000))) as unknown as NodeJS.ReadStream;
  await expect(readSecret(input, new PassThrough())).rejects.toThrow('the input must be at most 65536 characters');
});

test.each([
  [['abc\r'], 'abc'],
  [['a', 'b\nc'], 'ab'],
  [['abx\u007fc\r'], 'abc'],
  [['\b\bab\u0004'], 'ab'],
  [['ab'], 'ab'],
])('typing %j gives %j', async (chunks, line) => {
  expect(await readLine(typed(...chunks))).toBe(line);
});

test('Ctrl-C is an interruption', async () => {
  await expect(readLine(typed('ab\u0003'))).rejects.toThrow('interrupted: nothing was changed');
});

test('a line without an end is refused', async () => {
  await expect(readLine(typed('x'.repeat(70_000)))).rejects.toThrow('the input must be at most 65536 characters');
});
