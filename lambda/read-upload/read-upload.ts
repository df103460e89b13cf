import { Problem } from '../../lib/contract/problems';
import {
  UPLOAD_ID_PATTERN,
  type UploadRefusalValue,
  UploadStatus,
  type UploadStatusValue,
} from '../../lib/contract/uploads';
import type { Clock } from '../runtime/clock/clock';
import { ProblemError } from '../runtime/problems/errors';
import { isRecordExpired } from '../runtime/uploads/upload';
import type { IUploadStore } from '../runtime/uploads/upload-store';

export interface ReadUploadDependencies {
  readonly store: Pick<IUploadStore, 'read'>;
  readonly now: Clock;
}

/** An upload as its client sees it. */
export interface UploadView {
  readonly id: string;
  readonly status: UploadStatusValue;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly name?: string;
  readonly createdAt: string;
  /** When the form ends; while nothing has arrived. */
  readonly expiresAt?: string;
  readonly decidedAt?: string;
  /** Hex SHA-256 of what is kept; of a clean upload. */
  readonly sha256?: string;
  /** Why it is refused. */
  readonly reasons?: readonly UploadRefusalValue[];
}

/**
 * Reads an upload of the client's own. Its content is not for it to read back: it has it already, and what nobody can ask
 * for nobody can share.
 * @throws ProblemError 404 where there is none, whether it never was, has expired or is another client's
 */
export const readUpload = async (
  id: string,
  clientId: string,
  { store, now }: ReadUploadDependencies,
): Promise<UploadView> => {
  const upload = UPLOAD_ID_PATTERN.test(id) ? await store.read(id) : undefined;
  if (upload?.clientId !== clientId || isRecordExpired(upload, now())) throw new ProblemError(Problem.NOT_FOUND);
  const { status, contentType, sizeBytes, name, createdAt, decidedAt, uploadUntil, sha256, reasons } = upload;
  return {
    id,
    status,
    contentType,
    sizeBytes,
    name,
    createdAt,
    expiresAt: status === UploadStatus.AWAITING ? uploadUntil : undefined,
    decidedAt,
    sha256: status === UploadStatus.CLEAN ? sha256 : undefined,
    reasons,
  };
};
