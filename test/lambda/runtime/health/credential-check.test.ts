import { IdentityTokenError, OutboundFederationDisabledError } from '../../../../lambda/runtime/federation/errors';
import { CREDENTIAL_WAIT_MS, credentialCheck } from '../../../../lambda/runtime/health/credential-check';
import { DEFAULT_CHECK_TIMEOUT_MS } from '../../../../lambda/runtime/health/system-health-checker';
import type { Credential, CredentialState } from '../../../../lambda/runtime/secrets/credential';

const DAY_MS = 86_400_000;
const never = new AbortController().signal;
const key = async (): Promise<Credential> => ({ kind: 'api-key', value: 'sk-live' });

/** A check of a credential in this state; its sleep ends at once, unless it is called off. */
const check = (state: CredentialState, get: () => Promise<Credential> = key, slept: number[] = []) =>
  credentialCheck({
    credential: { get, state: () => state },
    now: () => 10 * DAY_MS,
    sleep: async (ms) => {
      slept.push(ms);
      await new Promise(setImmediate);
    },
  });

test('is critical, and waits less than it may take', () => {
  expect(check({ isStale: false })).toMatchObject({ name: 'upstream-credential', isCritical: true });
  expect(CREDENTIAL_WAIT_MS).toBeLessThan(DEFAULT_CHECK_TIMEOUT_MS);
});

test('a fresh one is ok, with its age and nothing of its value', async () => {
  const state = { obtainedAt: 10 * DAY_MS - 5_500, madeAt: 3 * DAY_MS, isStale: false };
  expect(await check(state).run(never)).toEqual({
    status: 'ok',
    detail: { state: 'fresh', heldSeconds: 5, ageDays: 7 },
  });
});

test('a keeper that does not say when it was made gives no age', async () => {
  const { detail } = await check({ obtainedAt: 10 * DAY_MS, isStale: false }).run(never);
  expect(detail).toEqual({ state: 'fresh', heldSeconds: 0 });
});

test('an older one is degraded, and says for how long it has been held', async () => {
  expect(await check({ obtainedAt: 10 * DAY_MS - 90_000, isStale: true }).run(never)).toEqual({
    status: 'degraded',
    detail: { state: 'stale', heldSeconds: 90 },
  });
});

test('a keeper that stalls does not hide that there is one', async () => {
  const slept: number[] = [];
  const stalls = () => new Promise<Credential>(() => undefined);
  const { status } = await check({ obtainedAt: 0, isStale: false }, stalls, slept).run(never);
  expect({ status, slept }).toEqual({ status: 'ok', slept: [CREDENTIAL_WAIT_MS] });
});

test('where there is none it is down by the error', async () => {
  const fails = () => Promise.reject(new IdentityTokenError());
  await expect(check({ isStale: true }, fails).run(never)).rejects.toThrow(IdentityTokenError);
});

test('where it ended while it was looked for it is down', async () => {
  expect(await check({ isStale: true }).run(never)).toEqual({ status: 'down' });
});

test('an account that does not let its identities be federated is said so', async () => {
  const isOff = () => Promise.reject(new OutboundFederationDisabledError());
  expect(await check({ isStale: true }, isOff).run(never)).toEqual({
    status: 'down',
    detail: { error: 'outbound web identity federation is off' },
  });
});
