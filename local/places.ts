import { join, resolve } from 'node:path';

/** Root of the checkout. */
export const CHECKOUT = resolve(__dirname, '..');

/** Everything that a local run writes; git ignores it. */
export const LOCAL_FOLDER = join(CHECKOUT, '.local');

/** Folders and files of one instance of the local stack: `local`, `e2e`, `promises`. */
export interface InstancePlaces {
  /** Working folder, removed at the end of a run unless it is to be kept. */
  readonly work: string;
  /** Held while the instance runs. */
  readonly lock: string;
  readonly temporary: string;
  /** The synthesised cloud assembly. */
  readonly assembly: string;
  readonly emulatorLog: string;
  readonly deployLog: string;
}

/** Where the instance of this name keeps its things; logs outlive the run, the rest does not. */
export function placesOf(instance: string, root: string = LOCAL_FOLDER): InstancePlaces {
  const work = join(root, 'run', instance);
  const logs = join(root, 'logs');
  return {
    work,
    lock: join(root, `${instance}.lock`),
    temporary: join(work, 'tmp'),
    assembly: join(work, 'cdk.out'),
    emulatorLog: join(logs, `${instance}-emulator.log`),
    deployLog: join(logs, `${instance}-deploy.log`),
  };
}
