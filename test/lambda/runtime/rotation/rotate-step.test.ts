import { rotateStep } from '../../../../lambda/runtime/rotation/rotate-step';
import { parseRotationEvent, type RotationEvent } from '../../../../lambda/runtime/rotation/rotation-event';
import { RotationStep } from '../../../../lib/contract/rotation';
import { newToken } from './mortal-calls';
import { ARN, STRATEGIES } from './provider-world';
import { GRACE_MS, RotationWorld } from './rotation-world';

/** The steps that Secrets Manager asks for one after the other. */
const STEPS = Object.values(RotationStep);

/** Whether the key that was in use before is still, and works. */
const expectUntouched = (world: RotationWorld, old: { readonly apiKey: string }) => {
  expect(world.current()).toEqual(old);
  expect(world.works(old)).toBe(true);
};

describe('an event', () => {
  test('must name secret, token and step', () => {
    expect(() => parseRotationEvent({ Step: 'deleteSecret' })).toThrow(
      'Not an event of a rotation: `SecretId` must be a text; `ClientRequestToken` must be a text of 32 to 64 ' +
        'characters; `Step` must be one of createSecret, setSecret, testSecret, finishSecret.',
    );
    expect(() => parseRotationEvent(null)).toThrow(expect.objectContaining({ name: 'RotationEventError' }));
  });

  test.each([31, 65])('must have a token of 32 to 64 characters, not %i', (length) => {
    const event = { SecretId: ARN, Step: 'setSecret', ClientRequestToken: 'x'.repeat(length) };
    expect(() => parseRotationEvent(event)).toThrow('`ClientRequestToken`');
  });

  test.each([32, 64])('may have a token of %i characters', (length) => {
    const event: RotationEvent = { SecretId: ARN, Step: 'setSecret', ClientRequestToken: 'x'.repeat(length) };
    expect(parseRotationEvent(event)).toEqual(event);
  });

  test('of another secret is refused, one that names the secret is not', async () => {
    const world = new RotationWorld('random');
    const token = world.begin();
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    const dependencies = {
      versions: world,
      strategy: world.strategy,
      graceMs: 0,
      now: () => 0,
      sleep: async () => undefined,
      log,
    };
    const event = { SecretId: `${ARN}2`, ClientRequestToken: token, Step: 'createSecret' };
    await expect(rotateStep(event, dependencies)).rejects.toThrow(
      'The event is for another secret than the one that this function rotates.',
    );
    await rotateStep({ ...event, SecretId: 'upstream' }, dependencies);
    expect(world.versions.get(token)?.text).toEqual(expect.any(String));
  });
});

describe.each(STRATEGIES)('%s', (kind) => {
  test.each(STEPS)('%s refuses a token that the secret does not know, and one that is not pending', async (step) => {
    const world = new RotationWorld(kind);
    const old = world.current();
    await expect(world.step(newToken(), step)).rejects.toThrow('The secret has no version with this token');
    const token = await world.rotate();
    world.nowMs += GRACE_MS;
    await world.sweep();
    await world.rotate();
    await expect(world.step(token, step)).rejects.toThrow('The version is not `AWSPENDING`.');
    expect(world.current()).not.toEqual(old);
  });

  test.each(STEPS)('%s of a version that is current already does nothing', async (step) => {
    const world = new RotationWorld(kind);
    const token = await world.rotate();
    const before = world.calls.length;
    await world.step(token, step);
    expect(world.calls.slice(before)).toEqual(['describe']);
  });

  test('a label that a crash left on the current version is taken off', async () => {
    const world = new RotationWorld(kind);
    const token = await world.rotate();
    world.begin(token);
    await world.step(token, 'createSecret');
    expect(world.pendingVersion()).toBeUndefined();
    expect(world.currentVersion()).toBe(token);
  });

  test('testSecret alone, as at a deployment, changes nothing', async () => {
    const world = new RotationWorld(kind);
    const [old, live] = [world.current(), world.liveKeys()];
    await world.step(world.begin(), 'testSecret');
    expect(world.liveKeys()).toBe(live);
    expectUntouched(world, old);
  });

  test.each(['setSecret', 'finishSecret'])('%s refuses a version without a value', async (step) => {
    const world = new RotationWorld(kind);
    const old = world.current();
    await expect(world.step(world.begin(), step)).rejects.toThrow(
      'The pending version has no value: `createSecret` has not run, or has failed.',
    );
    expectUntouched(world, old);
  });

  test('a step that is asked for twice is carried out once', async () => {
    const world = new RotationWorld(kind);
    const token = world.begin();
    await world.step(token, 'createSecret');
    const text = world.versions.get(token)?.text;
    for (const step of STEPS) {
      await world.step(token, step);
      await world.step(token, step);
    }
    expect(world.versions.get(token)?.text).toBe(text);
    expect(world.liveKeys()).toBe(kind === 'random' ? 1 : 2);
  });

  test('two rotations at once end with one key current, which works', async () => {
    const world = new RotationWorld(kind);
    const old = world.current();
    const token = world.begin();
    const ends = await Promise.allSettled([world.rotate(token), world.rotate(token)]);
    for (const end of ends) if (end.status === 'rejected') expect(end.reason.message).not.toContain(old.apiKey);
    expect(world.works(world.current())).toBe(true);
    expect(world.works(old)).toBe(true);
    if (world.currentVersion() !== token) {
      const open = world.pendingVersion();
      if (open) await world.removePending(open);
      await world.rotate();
    }
    world.nowMs += 2 * 86_400_000;
    await world.sweep();
    expect(world.works(world.current())).toBe(true);
    expect(world.liveKeys()).toBe(1);
  });

  test('mends a secret whose current value is of no use', async () => {
    const world = new RotationWorld(kind);
    const first = world.versions.get('first');
    if (first) first.text = 'changeme';
    await world.rotate();
    expect(world.works(world.current())).toBe(true);
  });

  test('any call that fails leaves the old key current, and the next try ends well', async () => {
    const names = new Set(await rotatedCalls(kind));
    for (const name of names) {
      const world = new RotationWorld(kind);
      const old = world.current();
      const token = world.begin();
      world.beforeCall = (called) => {
        if (called === name) throw new Error('HTTP 500');
      };
      await expect(world.rotate(token)).rejects.toThrow('HTTP 500');
      if (name !== 'removePending') expectUntouched(world, old);
      world.beforeCall = () => undefined;
      await world.rotate(token);
      expect(world.currentVersion()).toBe(token);
      expect(world.works(world.current())).toBe(true);
    }
  });
});

const rotatedCalls = async (kind: (typeof STRATEGIES)[number]): Promise<readonly string[]> => {
  const world = new RotationWorld(kind);
  await world.rotate();
  return world.calls;
};

test('a key that the provider refuses for good gives up its version, so that the next rotation can begin', async () => {
  const world = new RotationWorld('openai-admin');
  const old = world.current();
  const token = world.begin();
  await world.step(token, 'createSecret');
  for (const [id, { name }] of world.minted) if (name.includes(token)) world.minted.delete(id);
  await world.step(token, 'setSecret');
  await expect(world.step(token, 'testSecret')).rejects.toThrow('The upstream does not accept the pending credential.');
  expect(world.calls.filter((call) => call === 'sleep')).toHaveLength(3);
  expect(world.pendingVersion()).toBeUndefined();
  expectUntouched(world, old);
  await world.rotate();
  expect(world.works(world.current())).toBe(true);
});

test('a key that the provider knows a little later is waited for', async () => {
  const world = new RotationWorld('openai-admin');
  const token = world.begin();
  await world.step(token, 'createSecret');
  const minted = [...world.minted].find(([, { name }]) => name.includes(token));
  if (!minted) throw new Error('no key was minted');
  world.minted.delete(minted[0]);
  world.beforeCall = (name) => {
    if (name === 'sleep') world.minted.set(...minted);
  };
  await world.step(token, 'testSecret');
  expect(world.pendingVersion()).toBe(token);
});

describe('key-pool', () => {
  const ids = (world: RotationWorld) => world.pool.map(({ keyId }) => [keyId, world.statuses.get(keyId)]);

  test('goes round the pool', async () => {
    const world = new RotationWorld('key-pool');
    const turns = [];
    for (let turn = 0; turn < 4; turn += 1) {
      await world.rotate();
      turns.push(world.current().keyId);
    }
    expect(turns).toEqual(['apikey_b', 'apikey_c', 'apikey_a', 'apikey_b']);
  });

  test('passes over a key that does not work, which is inactive again, and one that is archived', async () => {
    const world = new RotationWorld('key-pool');
    const [, second] = world.pool;
    const works = world.works.bind(world);
    world.works = (value) => value.apiKey !== second?.apiKey && works(value);
    await world.rotate();
    expect(world.current().keyId).toBe('apikey_c');
    expect(ids(world)).toEqual([
      ['apikey_a', 'active'],
      ['apikey_b', 'inactive'],
      ['apikey_c', 'active'],
    ]);
    world.statuses.set('apikey_a', 'archived');
    await expect(world.rotate()).rejects.toThrow('No other key of the pool works; tried: 1. Add keys to the pool.');
    expect(world.current().keyId).toBe('apikey_c');
  });

  test('a provider that fails while a key is tried speaks against no key', async () => {
    const world = new RotationWorld('key-pool');
    world.beforeCall = (name) => {
      if (name === 'verify') throw new Error('HTTP 529');
    };
    await expect(world.rotate()).rejects.toThrow('HTTP 529');
    expect(ids(world).map(([, status]) => status)).toEqual(['active', 'inactive', 'inactive']);
  });

  test('takes the first where the current value is none of the pool', async () => {
    const world = new RotationWorld('key-pool');
    const first = world.versions.get('first');
    if (first) first.text = JSON.stringify({ apiKey: newToken() });
    await world.rotate();
    expect(world.current().keyId).toBe('apikey_a');
  });
});

describe('client-key', () => {
  test('refuses a third live key while the grace of the first is not over', async () => {
    const world = new RotationWorld('client-key');
    await world.rotate();
    await expect(world.rotate()).rejects.toThrow(
      /grace of the older is not over\. If that one was made by hand .* put it into the secret before a rotation/,
    );
    expect(world.clientKeys).toHaveLength(2);
  });

  test('gives up after others have changed the row again and again', async () => {
    const world = new RotationWorld('client-key');
    world.beforeCall = (name) => {
      if (name === 'write row') world.clientKeys = world.clientKeys.map((key) => ({ ...key, createdAt: newToken() }));
    };
    await expect(world.rotate()).rejects.toThrow('were changed by others again and again');
  });

  test('is not finished before the client has the key', async () => {
    const world = new RotationWorld('client-key');
    const token = world.begin();
    await world.step(token, 'createSecret');
    await expect(world.step(token, 'finishSecret')).rejects.toThrow('The pending key is not among the keys of client');
    await world.rotate(token);
    expect(world.currentVersion()).toBe(token);
  });
});
