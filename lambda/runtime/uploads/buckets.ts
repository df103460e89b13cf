import type { IObjectSource } from './inspection/object-source';

/** One version of an object in quarantine; whoever has it can read it, and nothing else. */
export interface QuarantinedObject {
  readonly key: string;
  readonly versionId: string;
  readonly etag: string;
  readonly contentType: string;
  readonly source: IObjectSource;
}

/** Where uploads arrive. */
export interface IQuarantine {
  /** Opens a version, or the newest one; undefined where it is gone. */
  open(key: string, versionId?: string): Promise<QuarantinedObject | undefined>;
  /** What the malware scanner says of a version; undefined as long as it has said nothing. */
  readScanStatus(key: string, versionId: string): Promise<string | undefined>;
  /** Removes a version for good; one that is gone is no error. */
  remove(key: string, versionId: string): Promise<void>;
}

/** How a clean object is to be kept. */
export interface CleanCopy {
  readonly object: QuarantinedObject;
  /** Hex SHA-256 of what was inspected. */
  readonly sha256: string;
  readonly contentType: string;
  /** What its client calls it. */
  readonly name?: string;
}

/** Where clean uploads are kept. */
export interface ICleanBucket {
  /**
   * Copies exactly the version that was inspected, under the tags of its verdict; to do it twice changes nothing.
   * @throws where the copy is not what was inspected
   */
  copy(copy: CleanCopy): Promise<void>;
}
