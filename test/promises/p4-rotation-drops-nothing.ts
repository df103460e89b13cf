import { runInParallel } from './fleet/parallel-seeds';
import type { RunName } from './fleet/run-seeds';
import { rotationOnStack } from './p4-rotation-on-stack';
import type { Finding, PromiseDrill, SimulationOptions } from './promise';
import type { RotationVerdict } from './rotation/rotation-run';

/** Runs of each kind; a seed decides the times, the pool, every crash and every stretch without Secrets Manager. */
const SEEDS = {
  small: { sound: 16, hasty: 4, brisk: 4, dark: 4 },
  full: { sound: 1_000, hasty: 100, brisk: 100, dark: 100 },
} as const;

/**
 * P4: twenty processes of all ages call with a key that rotates every few hours for two and a half days, in virtual time
 * and by the code of the rotator, the sweeper and the processes, which die at any step; and on a local stack the key
 * rotates under a steady load, is replaced at once as if it had leaked, and really stops working.
 */
export const rotationDropsNothing: PromiseDrill = {
  promise: 'P4',
  title: 'A key rotates under load, and no request notices',
  goal: '0 failed jobs, 0 calls with a key after its grace, each old key refused from then on, at most 1 refused call per live process where a key is revoked without grace',
  simulate,
  onStack: rotationOnStack,
};

async function simulate(options: SimulationOptions): Promise<Finding> {
  const seeds = options.full ? SEEDS.full : SEEDS.small;
  const sound = await runSeedsOf('soundRotations', seeds.sound, options);
  const hasty = await runSeedsOf('hastyRotations', seeds.hasty, options);
  const brisk = await runSeedsOf('briskRotations', seeds.brisk, options);
  const dark = await runSeedsOf('darkRotations', seeds.dark, options);
  const measured = {
    ...figuresOf(sound),
    hastySeeds: hasty.length,
    hastyRetiredKeyCalls: sum(hasty, ({ retiredKeyCalls }) => retiredKeyCalls),
    hastyRefusedAProcessMost: most(hasty, ({ refusedAProcessMost }) => refusedAProcessMost),
    hastyFailed: sum(hasty, ({ failed }) => failed),
    hastyLeakedKeys: sum(hasty, ({ leaked }) => leaked),
    briskSeeds: brisk.length,
    briskRotations: sum(brisk, ({ rotations }) => rotations),
    briskFailed: sum(brisk, ({ failed }) => failed),
    briskRetiredKeyCalls: sum(brisk, ({ retiredKeyCalls }) => retiredKeyCalls),
    briskOverdueKeys: sum(brisk, ({ overdue }) => overdue),
    briskLeakedKeys: sum(brisk, ({ leaked }) => leaked),
    darkSeeds: dark.length,
    darkRetiredKeyCalls: sum(dark, ({ retiredKeyCalls }) => retiredKeyCalls),
    darkFailed: sum(dark, ({ failed }) => failed),
    darkHeldWithoutSecretsManager: sum(dark, ({ held }) => held),
    darkLeakedKeys: sum(dark, ({ leaked }) => leaked),
    withoutWorkingKey: sum([...sound, ...hasty, ...brisk, ...dark], ({ currentWorks }) => (currentWorks ? 0 : 1)),
  };
  return { measured, holds: holds(measured) };
}

const figuresOf = (sound: readonly RotationVerdict[]) => ({
  seeds: sound.length,
  jobs: sum(sound, ({ jobs }) => jobs),
  calls: sum(sound, ({ calls }) => calls),
  failed: sum(sound, ({ failed }) => failed),
  heldWithoutSecretsManager: sum(sound, ({ held }) => held),
  processes: sum(sound, ({ processes }) => processes),
  rotations: sum(sound, ({ rotations }) => rotations),
  abandonedRotations: sum(sound, ({ abandoned }) => abandoned),
  rotatorsAndSweepersThatDied: sum(sound, ({ died }) => died),
  keysRetired: sum(sound, ({ retired }) => retired),
  retiredKeyCalls: sum(sound, ({ retiredKeyCalls }) => retiredKeyCalls),
  leakedKeys: sum(sound, ({ leaked }) => leaked),
});

/** Figures that have to be 0. */
const NONE_OF = [
  'failed',
  'retiredKeyCalls',
  'leakedKeys',
  'hastyFailed',
  'hastyLeakedKeys',
  'briskFailed',
  'briskRetiredKeyCalls',
  'briskOverdueKeys',
  'briskLeakedKeys',
  'darkFailed',
  'darkRetiredKeyCalls',
  'darkLeakedKeys',
] as const;

/** A run in which nothing rotated, or whose too short grace was not noticed, has shown nothing. */
const holds = (measured: Readonly<Record<string, number>>): boolean =>
  NONE_OF.every((name) => measured[name] === 0) &&
  measured.withoutWorkingKey === 0 &&
  Number(measured.keysRetired) >= Number(measured.seeds) &&
  Number(measured.rotatorsAndSweepersThatDied) > 0 &&
  Number(measured.darkHeldWithoutSecretsManager) > 0 &&
  Number(measured.hastyRetiredKeyCalls) > 0 &&
  measured.hastyRefusedAProcessMost === 1;

async function runSeedsOf(
  name: RunName & `${string}Rotations`,
  seeds: number,
  { tell, signal }: SimulationOptions,
): Promise<RotationVerdict[]> {
  let done = 0;
  const onVerdict = () => {
    done += 1;
    if (done === seeds || done % 100 === 0) tell(`${name}: ${done} of ${seeds} seeds`);
  };
  return runInParallel(name, seeds, onVerdict, signal);
}

const sum = (verdicts: readonly RotationVerdict[], of: (verdict: RotationVerdict) => number): number =>
  verdicts.reduce((total, verdict) => total + of(verdict), 0);

const most = (verdicts: readonly RotationVerdict[], of: (verdict: RotationVerdict) => number): number =>
  Math.max(0, ...verdicts.map(of));
