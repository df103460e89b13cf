import type { Random } from '../../../lambda/runtime/clock/clock';
import type { ConsumerModel, Sandbox } from './consumer-model';
import type { QueueModel } from './queue-model';
import type { UpstreamModel } from './upstream-model';
import type { VirtualTime } from './virtual-time';

/** How long a peer's breaker stays open: as this package's at first, so that the windows are of one length. */
export const PEER_OPEN_MS = 30_000;

/** A job as the drill knows it: poison is one that no upstream can serve. */
export interface FleetJob {
  readonly id: string;
  readonly isPoison: boolean;
}

/** What a fleet works in. */
export interface World {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly queue: QueueModel;
  readonly upstream: UpstreamModel;
  /** Whether AWS gives nobody a key now. */
  isAwsDown(): boolean;
}

/** A stretch in which no more than one call may reach the upstream; milliseconds since the begin. */
export interface OpenWindow {
  readonly fromMs: number;
  /** When the breaker closed, or opened anew. */
  readonly toMs: number;
  /** When its probe may start. */
  readonly probeFromMs: number;
}

/** A kind of fleet: what its workers do with a message, and who steers them. */
export interface Fleet {
  /** Takes a job on, and sends its message. */
  accept(job: FleetJob): void;
  makeSandbox(index: number): Sandbox;
  /** Called once with the consumer, before anything runs. */
  start?(consumer: ConsumerModel): void;
  /** The windows in which its breaker was open, for a fleet that has one breaker. */
  openWindows?(): OpenWindow[];
  /** Whether a job has ended other than in the dead-letter queue. */
  hasEnded(id: string): boolean;
  /** Further figures of its own. */
  figures?(): Record<string, number>;
}

export type MakeFleet = (world: World) => Fleet;
