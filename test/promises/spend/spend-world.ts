import type { Random } from '../../../lambda/runtime/clock/clock';
import type { ClientCaps, ISpendControl, ISpendLedger } from '../../../lambda/runtime/spend/ledger';
import type { MemoryWrite } from '../../../lambda/runtime/spend/memory-ledger-store';
import type { Fate, MortalProcess } from '../crash/mortal-process';
import type { VirtualTime } from '../fleet/virtual-time';
import type { LedgerCloud } from './ledger-cloud';
import type { SpendJudge } from './spend-judge';
import type { SpendScene } from './spend-scene';

/** One process, as far as its work needs it. */
export interface Invocation {
  readonly ledger: ISpendLedger<MemoryWrite>;
  readonly control: ISpendControl;
  readonly now: () => number;
  readonly process: MortalProcess;
}

/** A call as it really was. */
export interface RealCall {
  readonly id: string;
  readonly estimate: number;
  /** What the provider charges for it. */
  billed: number;
  /** Amount of a settlement that was sent; all of a call's say the same. */
  told?: number;
  /** Whether one of them was confirmed. */
  isConfirmed: boolean;
}

/** What is around a job and the operator. */
export interface SpendWorld {
  readonly scene: SpendScene;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly judge: SpendJudge;
  readonly cloud: LedgerCloud;
  readonly clientCaps: ClientCaps;
  /** Jobs that exist, written alongside their reservation. */
  readonly written: Set<string>;
  operations: number;
  /** One invocation of a function, in a process that may die; undefined where it did. */
  invoke<T>(
    role: string,
    work: (invocation: Invocation) => Promise<T>,
    fate?: () => Fate,
  ): Promise<{ readonly value: T } | undefined>;
}

/** One job, as the books need it. */
export interface JobBooks {
  readonly id: string;
  readonly calls: readonly RealCall[];
  readonly isAccepted: boolean;
  readonly isMissed: boolean;
  readonly outcome: string | undefined;
}

/** A run that is over, as the books need it. */
export interface RunBooks extends Pick<SpendWorld, 'scene' | 'judge' | 'cloud' | 'written' | 'operations'> {
  readonly lives: readonly JobBooks[];
  readonly died: number;
  readonly busy: number;
  readonly unavailable: number;
}
