import { PassThrough } from 'node:stream';
import { ask } from '../../cli/ask';

const question = (typed: string | undefined) => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const answer = ask('Which? ', input, output);
  input.write(typed ?? '');
  if (typed === undefined || !typed.includes('\n')) input.end();
  return { answer, asked: () => String(output.read() ?? '') };
};

test('answers the line that is typed', async () => {
  const { answer, asked } = question('dead\nmore\n');
  expect(await answer).toBe('dead');
  expect(asked()).toContain('Which? ');
});

test('an input that ends is an empty answer, and not a command that never ends', async () => {
  expect(await question(undefined).answer).toBe('');
});
