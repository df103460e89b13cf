/** A secret as its keeper describes it. */
export interface SecretDescription {
  readonly arn: string;
  readonly name: string;
  /** Staging labels by version, of the versions that have any. */
  readonly stages: Readonly<Record<string, readonly string[]>>;
  /** When anything about the secret was changed last, in milliseconds since the epoch. */
  readonly changedAt?: number;
  /** When it was rotated last, in milliseconds since the epoch. @default - never */
  readonly rotatedAt?: number;
}

/** One version of a secret, labelled or not. */
export interface SecretVersion {
  readonly versionId: string;
  readonly stages: readonly string[];
  /** In milliseconds since the epoch; infinite where nobody knows. */
  readonly createdAt: number;
}

/** What a version is read by. */
export type VersionReference = { readonly versionId: string } | { readonly stage: string };

/** The versions of one secret. */
export interface ISecretVersions {
  describe(): Promise<SecretDescription>;
  /** All versions that are still kept, those without a label included. */
  list(): Promise<readonly SecretVersion[]>;
  /** The text of a version, or undefined where there is no such version or it has no text. */
  read(reference: VersionReference): Promise<string | undefined>;
  /**
   * Gives the version `token` its text and the label `AWSPENDING`.
   * @throws RotationConflictError where that version has another text already.
   */
  put(token: string, text: string): Promise<void>;
  /** Moves `AWSCURRENT` to the version `token`, away from `fromVersionId` where there is one. */
  promote(token: string, fromVersionId: string | undefined): Promise<void>;
  /** Takes the label `AWSPENDING` off a version. */
  removePending(versionId: string): Promise<void>;
}
