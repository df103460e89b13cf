import { CloudDouble, NOW } from '../doubles/cloud';

const CLIENT = 'abcdefgh12345678';
const TTL_MS = 60_000;
/** How long a set-plan waits for the gateway to forget: the cache, and what the authorizer itself may take. */
const FORGOTTEN_MS = TTL_MS + 10_000;

let cloud: CloudDouble;
/** What the client's row has named, and since when. */
let history: { readonly value: string; readonly sinceMs: number; untilMs: number }[];
beforeEach(() => {
  cloud = new CloudDouble();
  history = [];
  cloud.clients.client(CLIENT);
  watch();
});

const setPlan = (plan: string, ...more: string[]) =>
  cloud.bulwark('clients', 'set-plan', '--client', CLIENT, '--plan', plan, ...more);
const row = () => cloud.clients.rows.get(CLIENT);
const planOfClient = () => cloud.clients.planOfValue(row()?.usageIdentifierKey ?? '');
const refused = (message: string) => ({ code: 1, printed: [], errors: [`bulwark: ${message}`] });

/** The gateway may hold an answer of the authorizer that names what the row named up to a cache time ago. */
function watch(): void {
  const value = row()?.usageIdentifierKey ?? '';
  const last = history.at(-1);
  if (last?.value === value) last.untilMs = cloud.nowMs;
  else history.push({ value, sinceMs: cloud.nowMs, untilMs: cloud.nowMs });
  const answers = history.filter(({ untilMs }) => cloud.nowMs - untilMs < TTL_MS);
  const unknown = answers.filter((answer) => cloud.clients.planOfValue(answer.value) === undefined);
  expect(unknown).toEqual([]);
}

test('moves the client in one write, and deletes the former usage key once no answer in use names it', async () => {
  const former = row()?.usageIdentifierKey ?? '';
  cloud.clients.afterStep = watch;
  const { code, printed } = await setPlan('trial', '--reason', 'downgraded');
  expect({ code, printed }).toEqual({
    code: 0,
    printed: [`Client ${CLIENT} has plan trial instead of standard, within 60 s.`],
  });
  expect(cloud.clients.steps).toEqual(['list keys', 'read row', 'create key', 'join plan', 'update row', 'delete key']);
  expect(row()).toMatchObject({ plan: 'trial', usageKey: 'client', planChangedAt: new Date(NOW).toISOString() });
  expect(planOfClient()).toBe('plan2');
  expect(cloud.clients.planOfValue(former)).toBeUndefined();
  expect(cloud.nowMs - NOW).toBe(FORGOTTEN_MS);
  expect(cloud.audit.map(({ what, on, reason, result }) => [what, on, reason, result])).toEqual([
    ['clients.set-plan', CLIENT, 'downgraded', 'begun'],
    ['clients.set-plan', CLIENT, 'downgraded', 'from plan standard to trial, usage key of the client'],
  ]);
});

test('keys and name of the client stay as they are', async () => {
  const { keys, name, createdAt } = cloud.clients.client(CLIENT);
  await setPlan('trial');
  expect(row()).toMatchObject({ keys, name, createdAt, status: 'active' });
});

test('a plan that it has already changes nothing', async () => {
  const before = row();
  expect(JSON.parse((await setPlan('standard', '--json')).printed[0] ?? '')).toEqual({
    clientId: CLIENT,
    plan: 'standard',
    former: 'standard',
    usageKey: 'client',
    isMakeshift: false,
    changed: false,
    deletedUsageKeys: 0,
    effectiveWithinSeconds: 60,
  });
  expect(row()).toEqual(before);
  expect(cloud.clients.steps).toEqual(['list keys', 'read row']);
});

const STEPS = ['list keys', 'read row', 'create key', 'join plan', 'update row', 'delete key'];

describe.each(STEPS)('killed after `%s`', (last) => {
  beforeEach(async () => {
    cloud.clients.afterStep = (step) => {
      watch();
      cloud.clients.isDead = step === last;
    };
    expect((await setPlan('trial')).code).toBe(1);
    cloud.clients.isDead = false;
    cloud.clients.afterStep = watch;
  });

  test('the client has one plan or the other, and the gateway knows it by the usage key that goes with it', () => {
    const plan = row()?.plan ?? 'standard';
    expect(planOfClient()).toBe(plan === 'trial' ? 'plan2' : 'plan1');
  });

  test('run again it does the rest; after a quarter of an hour nothing is left over', async () => {
    expect((await setPlan('trial')).code).toBe(0);
    expect([row()?.plan, planOfClient()]).toEqual(['trial', 'plan2']);
    cloud.nowMs += 16 * 60_000;
    expect((await setPlan('trial')).code).toBe(0);
    expect(cloud.clients.ownKeys(CLIENT).map(({ value }) => value)).toEqual([row()?.usageIdentifierKey]);
  });

  test('another plan may come instead', async () => {
    expect((await setPlan('standard')).code).toBe(0);
    expect([row()?.plan ?? 'standard', planOfClient()]).toEqual(['standard', 'plan1']);
  });
});

test('interrupted while it waits, the client has its plan, and the former key is deleted by the next run', async () => {
  cloud.clients.afterStep = (step) => {
    if (step === 'update row') cloud.interruption.abort();
  };
  expect(await setPlan('trial')).toEqual(
    refused(`client ${CLIENT} has its plan; interrupted before its former usage key was deleted: run this again`),
  );
  expect([row()?.plan, cloud.clients.ownKeys(CLIENT).length]).toEqual(['trial', 2]);
});

test('a usage key that another command is about to name is not taken for a leftover', async () => {
  const theirs = cloud.clients.leftover(CLIENT, NOW - 1_000);
  await setPlan('trial');
  expect(cloud.clients.usageKeys.has(theirs)).toBe(true);
  cloud.nowMs += 15 * 60_000;
  await setPlan('trial');
  expect(cloud.clients.usageKeys.has(theirs)).toBe(false);
});

test('of two at the same moment one changes the client, and the other takes its usage key back', async () => {
  const { usageIdentifierKey } = cloud.clients.client('z'.repeat(16), { plan: 'trial' });
  cloud.clients.beforeStep = (step) => {
    const seen = row();
    if (step === 'update row' && seen) cloud.clients.rows.set(CLIENT, { ...seen, plan: 'trial', usageIdentifierKey });
  };
  expect(await setPlan('trial')).toEqual(refused(`client ${CLIENT} changed under this command: look, and try again`));
  expect(cloud.clients.ownKeys(CLIENT)).toHaveLength(1);
  expect(row()).toMatchObject({ usageIdentifierKey });
});

test('no value that API Gateway does not tell is taken for an old one', async () => {
  const { id } = cloud.clients.ownKeys(CLIENT)[0] ?? { id: '' };
  const hidden = { ...cloud.clients.usageKeys.get(id), value: undefined } as never;
  cloud.clients.usageKeys.set(id, hidden);
  expect((await setPlan('standard')).code).toBe(0);
  expect(cloud.clients.usageKeys.has(id)).toBe(true);
});

describe('where usage keys are shared', () => {
  test('a client that shares moves by one write, without a usage key of its own and without waiting', async () => {
    cloud.clients.client(CLIENT, { usageKey: 'plan', usageIdentifierKey: 'value of shared1' });
    cloud.clients.usageKeys.delete(cloud.clients.ownKeys(CLIENT).at(-1)?.id ?? '');
    cloud.clients.usageKeys.delete(cloud.clients.ownKeys(CLIENT).at(-1)?.id ?? '');
    expect((await setPlan('trial')).code).toBe(0);
    expect(row()).toMatchObject({ plan: 'trial', usageKey: 'plan', usageIdentifierKey: 'value of shared2' });
    expect([cloud.nowMs, cloud.clients.ownKeys(CLIENT)]).toEqual([NOW, []]);
    expect((await setPlan('trial', '--json')).printed[0]).toContain('"changed":false');
  });

  test('`--shared-usage-key` gives the client’s own back to the account', async () => {
    cloud.clients.afterStep = watch;
    expect((await setPlan('standard', '--shared-usage-key')).code).toBe(0);
    expect(row()).toMatchObject({ plan: 'standard', usageKey: 'plan', usageIdentifierKey: 'value of shared1' });
    expect(cloud.clients.ownKeys(CLIENT)).toEqual([]);
  });

  test('so it is in an environment whose clients all share', async () => {
    cloud.usageKeys = 'plan';
    await setPlan('trial');
    expect(row()).toMatchObject({ usageKey: 'plan', usageIdentifierKey: 'value of shared2' });
  });

  test('where the account has no room it shares, and says so', async () => {
    cloud.clients.room = cloud.clients.usageKeys.size;
    const { code, printed } = await setPlan('trial');
    expect([code, printed[0]]).toEqual([0, expect.stringMatching(/^The account has no room/)]);
    expect(row()).toMatchObject({ plan: 'trial', usageKey: 'plan', usageIdentifierKey: 'value of shared2' });
    expect(cloud.clients.ownKeys(CLIENT)).toEqual([]);
  });

  test('a shared key that was replaced is named anew', async () => {
    cloud.clients.client(CLIENT, { usageKey: 'plan', usageIdentifierKey: 'value of a key before' });
    expect((await setPlan('standard', '--json')).printed[0]).toContain('"changed":true');
    expect(row()?.usageIdentifierKey).toBe('value of shared1');
  });
});

test('a client that is revoked or not there, and a plan that there is not, change nothing', async () => {
  expect(await setPlan('gold')).toEqual(refused('there is no plan gold in dev; there are: standard, trial'));
  cloud.clients.client(CLIENT, { status: 'revoked' });
  expect(await setPlan('trial')).toEqual(refused(`client ${CLIENT} is revoked for good`));
  cloud.clients.rows.delete(CLIENT);
  expect(await setPlan('trial')).toEqual(refused(`there is no client ${CLIENT} in dev`));
  expect(cloud.clients.steps.filter((step) => /create|update|delete/.test(step))).toEqual([]);
});

test.each([
  [['--client', CLIENT], '`--plan` is needed'],
  [['--plan', 'trial'], '`--client` is needed'],
  [['--client', CLIENT, '--plan', 'trial', '--name', 'x'], '`--name` is no option of `clients set-plan`'],
])('%j is wrong usage', async (args, message) => {
  expect(await cloud.bulwark('clients', 'set-plan', ...args)).toEqual({
    code: 2,
    printed: [],
    errors: [`bulwark: ${message} (--help lists the commands)`],
  });
});
