import fc from 'fast-check';
import { type Crash, newToken, ProcessDied } from './mortal-calls';
import { type Rotated, STRATEGIES } from './provider-world';
import { GRACE_MS, RotationWorld } from './rotation-world';

const DAY_MS = 86_400_000;

/** Runs until the process dies, and starts it again; answers whether it died. */
const runWithCrash = async (world: RotationWorld, crash: Crash, work: () => Promise<unknown>): Promise<boolean> => {
  world.crash(crash);
  await work().catch((error) => {
    if (!(error instanceof ProcessDied)) throw error;
  });
  return world.revive();
};

/** Calls that one rotation makes when nothing happens to it. */
const callsOf = async (kind: Rotated): Promise<number> => {
  const world = new RotationWorld(kind);
  await world.rotate();
  return world.calls.length;
};

describe.each(STRATEGIES)('%s', (kind) => {
  test.each(['before', 'after'] as const)(
    'a process that dies at any call, %s its effect, is made good by a retry with the same token',
    async (when) => {
      const calls = await callsOf(kind);
      expect(calls).toBeGreaterThan(10);
      for (let atCall = 1; atCall <= calls; atCall += 1) {
        const world = new RotationWorld(kind);
        const [old, oldVersion] = [world.current(), world.currentVersion()];
        const token = world.begin();
        expect(await runWithCrash(world, { atCall, when }, () => world.rotate(token))).toBe(true);
        const died = world.currentVersion();
        expect([oldVersion, token]).toContain(died);
        expect(world.works(old)).toBe(true);
        expect(world.works(world.current())).toBe(true);

        await world.rotate(token);
        const now = world.current();
        expect(world.currentVersion()).toBe(token);
        expect(world.pendingVersion()).toBeUndefined();
        expect(now.apiKey).not.toBe(old.apiKey);
        expect([world.works(now), world.works(old)]).toEqual([true, true]);
        if (kind !== 'random') expect({ atCall, live: world.liveKeys() }).toEqual({ atCall, live: 2 });

        world.nowMs += GRACE_MS;
        await world.sweep();
        expect(world.works(now)).toBe(true);
        if (kind !== 'random') expect([world.works(old), world.liveKeys()]).toEqual([false, 1]);
      }
    },
  );

  test.each(['before', 'after'] as const)(
    'a sweep that dies at any call, %s its effect, is made good by the next',
    async (when) => {
      for (let atCall = 1, died = true; died; atCall += 1) {
        const world = new RotationWorld(kind);
        await world.rotate();
        world.nowMs += GRACE_MS;
        died = await runWithCrash(world, { atCall, when }, () => world.sweep());
        await world.sweep();
        expect(world.works(world.current())).toBe(true);
        if (kind !== 'random') expect(world.liveKeys()).toBe(1);
      }
    },
  );
});

/** What happens to a rotation that Secrets Manager keeps up, gives up, and begins anew. */
type Event =
  | { readonly kind: 'run'; readonly crash: Crash }
  | { readonly kind: 'sweep'; readonly crash: Crash }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'give up' };

const crash = fc.record({ atCall: fc.integer({ min: 1, max: 60 }), when: fc.constantFrom('before', 'after') });
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('run' as const), crash: crash as fc.Arbitrary<Crash> }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sweep' as const), crash: crash as fc.Arbitrary<Crash> }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 2 * GRACE_MS }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'give up' as const }) },
);

test.each(STRATEGIES)(
  '%s: whatever crashes, sweeps and abandoned rotations come, the key in use works, and one is left in the end',
  async (kind) => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 14 }), async (events) => {
        const world = new RotationWorld(kind);
        let token = world.begin();
        /** When each value was last current, for its grace. */
        const lastCurrent = new Map([[world.current().apiKey, world.nowMs]]);
        const check = () => {
          lastCurrent.set(world.current().apiKey, world.nowMs);
          for (const [apiKey, at] of lastCurrent)
            if (world.nowMs - at < GRACE_MS) expect(world.works({ apiKey })).toBe(true);
        };
        const tryTo = async (at: Crash, work: () => Promise<unknown>) => {
          world.crash(at);
          await work().catch(() => undefined);
          world.revive();
        };
        for (const next of events) {
          lastCurrent.set(world.current().apiKey, world.nowMs);
          if (next.kind === 'run') await tryTo(next.crash, () => world.rotate(token));
          if (next.kind === 'sweep') await tryTo(next.crash, () => world.sweep());
          if (next.kind === 'wait') world.nowMs += next.ms;
          if (next.kind === 'wait') lastCurrent.set(world.current().apiKey, world.nowMs);
          if (next.kind === 'give up' || world.currentVersion() === token) token = await begin(world);
          check();
        }
        // The first sweep frees a rotation that got stuck, which changes the secret, so that the grace begins anew.
        for (const ms of [DAY_MS, GRACE_MS]) {
          world.nowMs += ms;
          await world.sweep();
        }
        await world.rotate(await begin(world));
        world.nowMs += GRACE_MS;
        await world.sweep();
        expect(world.works(world.current())).toBe(true);
        if (kind !== 'random') expect(world.liveKeys()).toBe(1);
      }),
      { numRuns: 200 },
    );
  },
  60_000,
);

/** Begins another rotation, an operator having taken the label of the one that was given up. */
const begin = async (world: RotationWorld): Promise<string> => {
  const open = world.pendingVersion();
  if (open) await world.removePending(open);
  return world.begin(newToken());
};
