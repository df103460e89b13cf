import { type UploadRefusalValue, UploadStatus, type UploadStatusValue } from '../../../lib/contract/uploads';

/** An upload's row. */
export interface Upload {
  readonly uploadId: string;
  readonly clientId: string;
  readonly status: UploadStatusValue;
  readonly contentType: string;
  readonly sizeBytes: number;
  /** What its client calls it. */
  readonly name?: string;
  /** ISO 8601, as are the other times but the last. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When the form ends by which it is brought. */
  readonly uploadUntil: string;
  readonly decidedAt?: string;
  /** The version that is inspected: the first that was seen. No other is ever looked at. */
  readonly versionId?: string;
  /** Hex SHA-256 of the version, once the inspection has found nothing against it. */
  readonly sha256?: string;
  /** Set once and for all when it is decided that the version is clean, and before it is copied. */
  readonly verdict?: 'clean';
  readonly reasons?: readonly UploadRefusalValue[];
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

export interface Offered extends Pick<Upload, 'uploadId' | 'clientId' | 'contentType' | 'sizeBytes' | 'name'> {
  /** Seconds for which the form is valid. */
  readonly windowSeconds: number;
  readonly recordDays: number;
}

/** The row of an upload that nothing has arrived of. */
export const awaitedUpload = ({ windowSeconds, recordDays, ...offered }: Offered, nowMs: number): Upload => {
  const createdAt = new Date(nowMs).toISOString();
  return {
    ...offered,
    status: UploadStatus.AWAITING,
    createdAt,
    updatedAt: createdAt,
    uploadUntil: new Date(nowMs + windowSeconds * 1_000).toISOString(),
    expiresAt: Math.ceil(nowMs / 1_000) + recordDays * 86_400,
  };
};

/** Whether an upload's record is past its retention; the table's own deletion lags by up to days. */
export const isRecordExpired = ({ expiresAt }: Pick<Upload, 'expiresAt'>, nowMs: number): boolean =>
  expiresAt * 1_000 <= nowMs;

/** Whether nothing about an upload changes any more. */
export const isDecided = ({ status }: Pick<Upload, 'status'>): boolean =>
  status === UploadStatus.CLEAN || status === UploadStatus.REFUSED;
