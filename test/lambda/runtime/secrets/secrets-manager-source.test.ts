import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { ApiKeyCredential } from '../../../../lambda/runtime/secrets/api-key-credential';
import { SecretMalformedError } from '../../../../lambda/runtime/secrets/errors';
import { SecretCache } from '../../../../lambda/runtime/secrets/secret-cache';
import { upstreamKeySource } from '../../../../lambda/runtime/secrets/secrets-manager-source';

const secrets = mockClient(SecretsManagerClient);
beforeEach(() => secrets.reset());

const give = (SecretString: string | undefined, CreatedDate?: Date) =>
  secrets.on(GetSecretValueCommand, { SecretId: 'upstream' }).resolves({ SecretString, CreatedDate });

test('reads the key of the current version, and says when that was made', async () => {
  const made: unknown[] = [];
  const load = upstreamKeySource(new SecretsManagerClient(), 'upstream', (madeAt) => made.push(madeAt));
  give('{"apiKey":"key","keyId":"apikey_1"}', new Date(5));
  expect(await load()).toBe('key');
  give('{"apiKey":"key"}');
  expect(await load()).toBe('key');
  expect(made).toEqual([5, undefined]);
});

test.each([
  ['no text', undefined],
  ['no JSON', 'the-secret'],
  ['null', 'null'],
  ['no key', '{"other":"the-secret"}'],
  ['a key that is no text', '{"apiKey":["the-secret"]}'],
  ['a key that breaks a header', '{"apiKey":"the-secret\\n"}'],
])('%s is an error that says no part of it', async (_, text) => {
  give(text);
  const error = await upstreamKeySource(new SecretsManagerClient(), 'upstream')().catch((thrown: Error) => thrown);
  expect(error).toBeInstanceOf(SecretMalformedError);
  expect(`${error} ${(error as Error).cause}`).not.toContain('the-secret');
});

test('a malformed new version does not put the good one out of use', async () => {
  let nowMs = 0;
  let madeAt: number | undefined;
  const load = upstreamKeySource(new SecretsManagerClient(), 'upstream', (at) => {
    madeAt = at;
  });
  const cache = new SecretCache({ load, ttlMs: 10, now: () => nowMs, random: () => 0 });
  const credential = new ApiKeyCredential(cache, () => madeAt);
  give('{"apiKey":"good"}', new Date(1));
  expect(await credential.get()).toEqual({ kind: 'api-key', value: 'good' });
  give('{}', new Date(2));
  nowMs = 20;
  expect(await credential.get()).toEqual({ kind: 'api-key', value: 'good' });
  expect(await credential.renew({ kind: 'api-key', value: 'good' })).toEqual({ kind: 'api-key', value: 'good' });
  expect(credential.state()).toEqual({ obtainedAt: 0, madeAt: 1, isStale: true });
});
