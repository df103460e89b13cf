import { randomUUID } from 'node:crypto';
import { acceptedValues } from '../../../../lambda/runtime/secrets/accepted-values';
import { SecretMalformedError } from '../../../../lambda/runtime/secrets/errors';

const [current, previous] = [randomUUID(), randomUUID()];
const text = (apiKey: string) => JSON.stringify({ apiKey });

/** A secret with the given texts at its labels. */
const reader = (texts: Record<string, string>) => async (stage: string) => texts[stage];

test('accepts what is current and what was before, newest first', async () => {
  const read = reader({ AWSPREVIOUS: text(previous), AWSCURRENT: text(current) });
  expect(await acceptedValues(read)).toEqual([current, previous]);
});

test('accepts the one value of a secret that has not rotated yet', async () => {
  expect(await acceptedValues(reader({ AWSCURRENT: text(current) }))).toEqual([current]);
});

test.each([
  ['there is no current value', { AWSPREVIOUS: text(previous) }],
  ['the value before is unusable', { AWSCURRENT: text(current), AWSPREVIOUS: previous }],
])('says so where %s, and no part of a value', async (_what, texts) => {
  const error = await acceptedValues(reader(texts)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SecretMalformedError);
  expect(String(error)).not.toContain(previous);
});
