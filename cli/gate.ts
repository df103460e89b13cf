import type { Operator } from './command';

/** Why not now, and what to do instead, in words for the operator. */
export interface GateRefusal {
  readonly why: string;
  readonly instead: string;
}

/** Something that must be in order before jobs are let loose on the upstream. */
export interface Gate {
  /** Undefined where nothing speaks against it. */
  readonly refusal: (operator: Operator) => Promise<GateRefusal | undefined>;
}
