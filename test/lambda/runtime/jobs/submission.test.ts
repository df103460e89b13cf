import fc from 'fast-check';
import { hashSubmission, worstCaseOf } from '../../../../lambda/runtime/jobs/submission';
import { submission } from '../../doubles/events';

test('the worst case counts every byte of every text, and the frames around them', () => {
  const messages = [
    { role: 'user' as const, content: 'caf\u00e9' },
    { role: 'assistant' as const, content: '\u{1f3f0}' },
  ];
  expect(worstCaseOf({ ...submission(), system: 'abc', messages })).toEqual({
    inputTokens: 3 + 5 + 4 + 2 * 16 + 64,
    outputTokens: 256,
  });
});

test('the worst case is never below the number of code points, the least that a token can be', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (content) => {
      expect(worstCaseOf(submission(content)).inputTokens).toBeGreaterThanOrEqual([...content].length);
    }),
  );
});

test('the hash is of the request, not of its spelling', () => {
  const { model, max_tokens, messages } = submission();
  expect(hashSubmission({ messages, max_tokens, model })).toBe(hashSubmission(submission()));
  expect(hashSubmission({ ...submission(), max_tokens: 257 })).not.toBe(hashSubmission(submission()));
});
