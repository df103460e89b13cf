import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { hashClientKey, parseClientKey } from '../../../lib/contract/client-keys';
import { CloudDouble, NOW } from '../doubles/cloud';
import { deployment } from '../doubles/deployment';

let cloud: CloudDouble;
beforeEach(() => {
  cloud = new CloudDouble();
});

const create = (...more: string[]) => cloud.bulwark('clients', 'create', '--name', 'Acme', ...more);
const onlyRow = () => [...cloud.clients.rows.values()][0];
const ownKeys = () => [...cloud.clients.usageKeys.values()].filter(({ name }) => name.startsWith('bulwark-dev-'));

test('makes the usage key, puts it in the usage plan of its plan, and writes the row last', async () => {
  const { code, printed, errors } = await create('--plan', 'trial', '--json');
  expect({ code, errors }).toEqual({ code: 0, errors: [] });
  const created = JSON.parse(printed[0] ?? '');
  expect(created).toEqual({
    clientId: expect.stringMatching(/^[a-z0-9]{16}$/),
    name: 'Acme',
    plan: 'trial',
    key: expect.any(String),
    usageKey: 'client',
    isMakeshift: false,
  });
  expect(parseClientKey(created.key)).toEqual({ environment: 'dev', clientId: created.clientId });
  expect(cloud.clients.steps).toEqual(['create key', 'join plan', 'put row']);
  const [usageKey] = ownKeys();
  expect(usageKey).toMatchObject({
    name: `bulwark-dev-${created.clientId}`,
    value: expect.stringMatching(/^[0-9a-f]{48}$/),
  });
  expect(cloud.clients.planOfValue(usageKey?.value ?? '')).toBe('plan2');
  const createdAt = new Date(NOW).toISOString();
  expect(onlyRow()).toEqual({
    clientId: created.clientId,
    name: 'Acme',
    status: 'active',
    plan: 'trial',
    usageIdentifierKey: usageKey?.value,
    usageKey: 'client',
    keys: [{ hash: hashClientKey(created.key), createdAt }],
    createdAt,
  });
});

test('without a plan it has the one that everybody has, and the key is the last line for people', async () => {
  const { printed } = await create();
  expect(onlyRow()?.plan).toBe('standard');
  expect(printed).toEqual([
    `Client ${onlyRow()?.clientId} (Acme) in dev, plan standard. Its key, which is shown only this once:`,
    expect.stringMatching(/^bwk_dev_/),
  ]);
});

test('the key itself is stored nowhere, and the audit knows the client and not the key', async () => {
  const { printed } = await create('--reason', 'contract 7');
  const key = printed[1] ?? '';
  const sent = [...cloud.clients.gateway.calls(), ...cloud.tables.calls()].map(({ args }) =>
    JSON.stringify(args[0].input),
  );
  expect(sent.length).toBeGreaterThan(4);
  expect(sent.filter((input) => input.includes(key.slice(-40)))).toEqual([]);
  const clientId = onlyRow()?.clientId;
  expect(cloud.audit.map(({ what, on, reason, result }) => [what, on, reason, result])).toEqual([
    ['clients.create', clientId, 'contract 7', 'begun'],
    ['clients.create', clientId, 'contract 7', 'made with plan standard, usage key of the client'],
  ]);
});

test('a client that shares the usage key of its plan makes none', async () => {
  expect((await create('--shared-usage-key')).code).toBe(0);
  expect(onlyRow()).toMatchObject({ usageKey: 'plan', usageIdentifierKey: 'value of shared1' });
  expect(ownKeys()).toEqual([]);
});

test('so it is where the environment says so', async () => {
  cloud.usageKeys = 'plan';
  await create('--plan', 'trial');
  expect(onlyRow()).toMatchObject({ usageKey: 'plan', usageIdentifierKey: 'value of shared2' });
});

test('where the account has no room for another usage key, it shares that of its plan, and says so', async () => {
  cloud.clients.room = 2;
  const { code, printed } = await create('--plan', 'trial');
  expect(code).toBe(0);
  expect(printed[0]).toMatch(/^The account has no room for another usage key in this Region: /);
  expect(printed.at(-1)).toMatch(/^bwk_dev_/);
  expect(onlyRow()).toMatchObject({ usageKey: 'plan', usageIdentifierKey: 'value of shared2', plan: 'trial' });
});

test('any other error of API Gateway is no lack of room', async () => {
  cloud.clients.beforeStep = (step) => {
    if (step === 'create key') throw Object.assign(new Error('slow down'), { name: 'TooManyRequestsException' });
  };
  expect(await create()).toMatchObject({ code: 1, errors: ['bulwark: TooManyRequestsException: slow down'] });
  expect(cloud.clients.rows.size).toBe(0);
});

test.each(['join plan', 'put row'])('takes the usage key back when `%s` fails', async (failing) => {
  cloud.clients.beforeStep = (step) => {
    if (step === failing) throw new Error('no rights');
  };
  expect(await create()).toEqual({ code: 1, printed: [], errors: ['bulwark: Error: no rights'] });
  expect([ownKeys(), cloud.clients.rows.size]).toEqual([[], 0]);
});

test.each(['create key', 'join plan'])(
  'killed after `%s` it leaves no client, and `revoke` clears the usage key away',
  async (last) => {
    cloud.clients.afterStep = (step) => {
      cloud.clients.isDead = step === last;
    };
    expect((await create()).code).toBe(1);
    cloud.clients.isDead = false;
    cloud.clients.afterStep = () => undefined;
    expect([cloud.clients.rows.size, ownKeys().length]).toEqual([0, 1]);
    const clientId = cloud.audit[0]?.on ?? '';
    expect(await cloud.bulwark('clients', 'revoke', '--client', clientId)).toMatchObject({
      code: 1,
      errors: [`bulwark: there is no client ${clientId} in dev`],
    });
    expect(ownKeys()).toEqual([]);
  },
);

test('a key is shown although the audit of its making cannot be completed', async () => {
  cloud.tables.on(PutCommand, { TableName: deployment.auditTable }).resolvesOnce({}).rejects(new Error('throttled'));
  const { code, printed, errors } = await create();
  expect(code).toBe(1);
  expect(printed.at(-1)).toMatch(/^bwk_dev_/);
  expect(errors).toEqual([
    expect.stringMatching(/^bulwark: made with plan standard.* could not be completed: throttled$/),
  ]);
});

test('a plan that there is not makes nothing', async () => {
  expect(await create('--plan', 'gold')).toEqual({
    code: 1,
    printed: [],
    errors: ['bulwark: there is no plan gold in dev; there are: standard, trial'],
  });
  expect(cloud.clients.steps).toEqual([]);
  expect(cloud.audit.at(-1)?.result).toBe('refused: there is no plan gold in dev; there are: standard, trial');
});

test.each([
  [['--plan', 'Gold'], '`--plan` must be the name of a plan, such as standard, got: Gold'],
  [['--plan', '__proto__'], '`--plan` must be the name of a plan, such as standard, got: __proto__'],
  [['--name', 'a\u001b[2J'], '`--name` must be one line without control characters'],
  [['--client', 'abcdefgh12345678'], '`--client` is no option of `clients create`'],
])('%j is wrong usage', async (args, message) => {
  expect(await create(...args)).toEqual({
    code: 2,
    printed: [],
    errors: [`bulwark: ${message} (--help lists the commands)`],
  });
});
