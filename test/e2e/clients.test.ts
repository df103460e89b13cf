import { setTimeout as wait } from 'node:timers/promises';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { ApiClient } from '../../local/api-client';
import { runBulwark } from './run-bulwark';
import { StackUnderTest } from './stack-under-test';

const stack = new StackUnderTest();
const { deployment, endpoint, apiUrl } = stack.addresses;
const UNKNOWN_JOB = `/v1/jobs/job_${'0'.repeat(32)}`;

async function bulwark(...args: string[]) {
  const { code, stdout, stderr } = await runBulwark(endpoint, 'clients', ...args, '--env', 'local', '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('bulwark:') });
  return JSON.parse(stdout);
}

const statusOf = async (key: string) => (await new ApiClient(apiUrl, key).request('GET', UNKNOWN_JOB)).status;

/** Milliseconds until the API answers so; -1 where it does not within the time that operators are told. */
async function untilStatus(key: string, status: number): Promise<number> {
  const startMs = performance.now();
  while (performance.now() - startMs <= deployment.revocationSeconds * 1_000 + 1_000) {
    if ((await statusOf(key)) === status) return performance.now() - startMs;
    await wait(250);
  }
  return -1;
}

test('both keys of a rotation are let in, and the old one is refused within the stated time once it has ended', async () => {
  const { clientId, key } = await bulwark('create', '--name', 'rotated', '--plan', 'trial');
  const { key: next, liveKeys } = await bulwark('rotate', '--client', clientId, '--overlap', '1h');
  expect(liveKeys).toHaveLength(2);
  expect([await statusOf(key), await statusOf(next)]).toEqual([404, 404]);
  expect((await bulwark('rotate', '--client', clientId, '--end', 'old')).effectiveWithinSeconds).toBe(5);
  expect(await untilStatus(key, 401)).toBeGreaterThanOrEqual(0);
  expect(await statusOf(next)).toBe(404);
});

test('a client with a cached answer is refused within the stated time of its revocation', async () => {
  const { clientId, key } = await bulwark('create', '--name', 'revoked');
  expect(await statusOf(key)).toBe(404);
  expect(await bulwark('revoke', '--client', clientId)).toEqual({
    clientId,
    status: 'revoked',
    effectiveWithinSeconds: deployment.revocationSeconds,
  });
  expect(await untilStatus(key, 403)).toBeGreaterThanOrEqual(0);
});

test('a client is served all the while that its plan is changed, and is listed under the new one', async () => {
  const { clientId, key } = await bulwark('create', '--name', 'promoted', '--plan', 'trial');
  let isOver = false;
  const changed = bulwark('set-plan', '--client', clientId, '--plan', 'standard').finally(() => {
    isOver = true;
  });
  const seen = new Set<number>();
  while (!isOver) {
    seen.add(await statusOf(key));
    await wait(250);
  }
  expect(await changed).toMatchObject({ former: 'trial', plan: 'standard', deletedUsageKeys: 1 });
  expect([...seen]).toEqual([404]);
  const { clients } = await bulwark('list', '--plan', 'standard', '--status', 'active');
  expect(clients).toContainEqual(expect.objectContaining({ clientId, name: 'promoted', plan: 'standard' }));
});

test('a client may share the usage key of its plan', async () => {
  const { clientId, key } = await bulwark('create', '--name', 'sharing', '--shared-usage-key');
  expect(await statusOf(key)).toBe(404);
  const { Item } = await stack.tables.send(
    new GetCommand({ TableName: deployment.clientsTable, Key: { clientId }, ConsistentRead: true }),
  );
  expect(Item).toMatchObject({
    usageKey: 'plan',
    plan: 'standard',
    usageIdentifierKey: expect.stringMatching(/^.{20,}$/),
  });
});
