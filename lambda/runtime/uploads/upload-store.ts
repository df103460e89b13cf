import type { UploadRefusalValue } from '../../../lib/contract/uploads';
import type { Upload } from './upload';

/** One version of an upload's object. */
export interface UploadVersion {
  readonly uploadId: string;
  readonly versionId: string;
}

/**
 * Where the rows of uploads are. Each change is one conditional write that holds for the version it was made for; each
 * answers the row as it is then, whether or not the change was made, and undefined where there is no row.
 */
export interface IUploadStore {
  create(upload: Upload): Promise<void>;
  read(uploadId: string): Promise<Upload | undefined>;
  /** Takes this version for the one that is inspected, unless another is. */
  bind(version: UploadVersion, nowMs: number): Promise<Upload | undefined>;
  /** Notes that the inspection has found nothing against the version, while something else is waited for. */
  noteInspected(version: UploadVersion, sha256: string, nowMs: number): Promise<Upload | undefined>;
  /** Decides that the version is clean, unless something is decided. */
  decideClean(version: UploadVersion, sha256: string, nowMs: number): Promise<Upload | undefined>;
  /** Decides that the version is refused, unless something is decided. */
  decideRefused(
    version: UploadVersion,
    reasons: readonly UploadRefusalValue[],
    nowMs: number,
  ): Promise<Upload | undefined>;
  /** Says that the clean version is in the clean bucket. */
  finish(version: UploadVersion, nowMs: number): Promise<Upload | undefined>;
}
