import { CloudDouble, NOW } from '../doubles/cloud';

const CLIENT = 'abcdefgh12345678';
let cloud: CloudDouble;
beforeEach(() => {
  cloud = new CloudDouble();
});

const revoke = (...more: string[]) => cloud.bulwark('clients', 'revoke', '--client', CLIENT, ...more);

test('revokes the row first, then deletes the usage keys of exactly this client, and says within what time', async () => {
  cloud.clients.client(CLIENT);
  const other = cloud.clients.client(`${CLIENT}x`);
  expect(await revoke()).toEqual({
    code: 0,
    printed: [`Client ${CLIENT} is revoked: its requests are refused within 60 s.`],
    errors: [],
  });
  expect(cloud.clients.steps).toEqual(['update row', 'list keys', 'delete key']);
  expect(cloud.clients.rows.get(CLIENT)).toMatchObject({ status: 'revoked', revokedAt: new Date(NOW).toISOString() });
  expect(cloud.clients.ownKeys(CLIENT)).toEqual([]);
  expect(cloud.clients.planOfValue(other.usageIdentifierKey)).toBe('plan1');
  expect(cloud.audit.map(({ what, on, result }) => `${what} ${on}: ${result}`)).toEqual([
    `clients.revoke ${CLIENT}: begun`,
    `clients.revoke ${CLIENT}: revoked`,
  ]);
});

test('a shared usage key stays with those who share it', async () => {
  cloud.clients.rows.set(CLIENT, {
    ...cloud.clients.client('x'),
    clientId: CLIENT,
    usageKey: 'plan',
    usageIdentifierKey: 'value of shared1',
  });
  expect((await revoke()).code).toBe(0);
  expect(cloud.clients.planOfValue('value of shared1')).toBe('plan of shared1');
});

test.each(['update row', 'list keys', 'delete key'])(
  'killed after `%s` the client is refused; run again it does the rest',
  async (last) => {
    cloud.clients.client(CLIENT);
    cloud.clients.leftover(CLIENT, NOW);
    cloud.clients.afterStep = (step) => {
      cloud.clients.isDead = step === last;
    };
    expect((await revoke()).code).toBe(1);
    expect(cloud.clients.rows.get(CLIENT)?.status).toBe('revoked');
    cloud.clients.isDead = false;
    cloud.clients.afterStep = () => undefined;
    cloud.nowMs += 60_000;
    expect(JSON.parse((await revoke('--json')).printed[0] ?? '')).toEqual({
      clientId: CLIENT,
      status: 'revoked',
      effectiveWithinSeconds: 60,
    });
    expect(cloud.clients.ownKeys(CLIENT)).toEqual([]);
    expect(cloud.clients.rows.get(CLIENT)?.revokedAt).toBe(new Date(NOW).toISOString());
  },
);

test('to revoke an unknown client is one clear failure, which the audit has', async () => {
  expect(await revoke()).toEqual({ code: 1, printed: [], errors: [`bulwark: there is no client ${CLIENT} in dev`] });
  expect(cloud.audit.at(-1)?.result).toBe(`refused: there is no client ${CLIENT} in dev`);
  expect(cloud.clients.rows.size).toBe(0);
});

test('a key in place of the id is not repeated', async () => {
  const { code, errors } = await cloud.bulwark('clients', 'revoke', '--client', 'bwk_dev_secret');
  expect(code).toBe(2);
  expect(errors.join()).not.toContain('bwk_dev_secret');
});
