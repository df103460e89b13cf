import { parseClientKey } from '../../lib/contract/client-keys';
import { ApiClient } from '../../local/api-client';
import { runBulwark } from './run-bulwark';
import { StackUnderTest } from './stack-under-test';

const stack = new StackUnderTest();

const bulwark = (...args: string[]) => runBulwark(stack.addresses.endpoint, ...args);

test('a client that the command made may use the API until the command revokes it', async () => {
  const created = await bulwark('clients', 'create', '--env', 'local', '--name', 'by command', '--json');
  expect(created).toMatchObject({ code: 0, stderr: '' });
  const { clientId, key } = JSON.parse(created.stdout);
  expect(parseClientKey(key)).toEqual({ environment: 'local', clientId });
  const unknownJob = `/v1/jobs/job_${'0'.repeat(32)}`;
  const second = await bulwark('clients', 'create', '--env', 'local', '--name', 'never used');
  const secondKey = second.stdout.trim().split('\n').at(-1) ?? '';
  const secondClient = parseClientKey(secondKey)?.clientId ?? '';
  expect((await new ApiClient(stack.addresses.apiUrl, key).request('GET', unknownJob)).status).toBe(404);

  // The first one's answer may be cached by the gateway; the second was never presented.
  const revoked = await bulwark('clients', 'revoke', '--env', 'local', '--client', secondClient);
  expect(revoked).toMatchObject({ code: 0, stderr: '' });
  expect((await new ApiClient(stack.addresses.apiUrl, secondKey).request('GET', unknownJob)).status).toBe(403);
  const again = await bulwark('clients', 'revoke', '--env', 'local', '--client', secondClient, '--json');
  expect(JSON.parse(again.stdout)).toEqual({
    clientId: secondClient,
    status: 'revoked',
    effectiveWithinSeconds: 5,
  });
});

test('what cannot be done is one line and exit code 1', async () => {
  expect(await bulwark('clients', 'revoke', '--env', 'local', '--client', '0'.repeat(16))).toEqual({
    code: 1,
    stdout: '',
    stderr: 'bulwark: there is no client 0000000000000000 in local\n',
  });
  expect(await bulwark('clients', 'create', '--env', 'dev', '--name', 'x')).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'bulwark: there is no stack bulwark-dev-data in this account in us-east-1: deploy it first, or name another Region with --region\n',
  });
});
