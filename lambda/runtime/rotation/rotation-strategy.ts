import type { SecretValue } from './secret-value';

/** What a strategy is told when a value is to be made. */
export interface GenerateContext {
  /** Names the rotation; a retry has the same. */
  readonly token: string;
  /** The value in use. @default - there is none yet */
  readonly current?: SecretValue;
}

/** The secret's values, by whether anybody may still use them. */
export interface KnownValues {
  /** Current, pending, and those whose grace is not over. */
  readonly keep: readonly SecretValue[];
  /** Those that no process can hold any more. */
  readonly retirable: readonly SecretValue[];
}

export interface RetireContext extends KnownValues {
  /** Token of a rotation that has begun and has no value yet. @default - there is none */
  readonly openToken?: string;
  /** The value in use; among `keep`. @default - there is none */
  readonly current?: SecretValue;
  /** Values that have leaked: none of them may ever be current again. One that is kept for a while is among `keep` too. */
  readonly leaked: readonly SecretValue[];
}

export interface RetireReport {
  /** Keys that were ended. */
  readonly retired: number;
  /** Keys of a pool that are current or could be. @default - there is no pool */
  readonly healthy?: number;
  /** Ids of the other keys of a pool. @default - there are none */
  readonly unhealthy?: readonly string[];
  /** Leaked keys that may work still. @default - none */
  readonly unended?: number;
}

/** Where the next value of a secret comes from. Each method may be called again after a crash at any place. */
export interface IRotationStrategy {
  /** Makes the value of a rotation; one that was made before under the same token and was lost is undone. */
  generate(context: GenerateContext): Promise<SecretValue>;
  /** Undoes `generate` where its value could not be stored. */
  discard(value: SecretValue): Promise<void>;
  /** Makes the pending value usable, with the others still being so. */
  apply(pending: SecretValue, known: KnownValues): Promise<void>;
  /** @throws CredentialRejectedError where the value does not work and will not. */
  verify(pending: SecretValue): Promise<void>;
  /**
   * Ends the values that nobody can hold any more, and what abandoned rotations have left.
   * @param read tells which those are. Ask the provider for its keys first: one that a rotation makes afterwards is not
   * among them, and one that it made before is known by then.
   */
  retire(read: () => Promise<RetireContext>): Promise<RetireReport>;
}
