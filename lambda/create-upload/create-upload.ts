import { MetricName } from '../../lib/contract/metrics';
import { Problem } from '../../lib/contract/problems';
import { uploadSchema } from '../../lib/contract/upload-schema';
import { type UploadContentType, UploadStatus, type UploadStatusValue, uploadKeyOf } from '../../lib/contract/uploads';
import { validateUpload } from '../generated/validate-upload.mjs';
import type { Clock } from '../runtime/clock/clock';
import type { Count } from '../runtime/observability/observability';
import { ProblemError, type RequestFault } from '../runtime/problems/errors';
import { schemaFaults } from '../runtime/problems/schema-faults';
import { awaitedUpload } from '../runtime/uploads/upload';
import type { IUploadForms, UploadForm } from '../runtime/uploads/upload-form';
import type { IUploadStore } from '../runtime/uploads/upload-store';

export interface CreateRequest {
  readonly clientId: string;
  readonly body: unknown;
}

export interface CreateDependencies {
  readonly store: Pick<IUploadStore, 'create'>;
  readonly forms: IUploadForms;
  readonly count: Count;
  readonly now: Clock;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly contentTypes: readonly UploadContentType[];
  readonly maxBytes: number;
  readonly windowSeconds: number;
  readonly recordDays: number;
}

/** What a client is given to upload with. */
export interface CreatedUpload {
  readonly id: string;
  readonly status: UploadStatusValue;
  readonly form: UploadForm;
  /** ISO 8601. */
  readonly expiresAt: string;
}

interface Wish {
  readonly contentType: UploadContentType;
  readonly sizeBytes: number;
  readonly name?: string;
}

const ID_BYTES = 16;

/** Writes the row of an upload, and makes the form that brings it: one object, of that type, size and key, and soon. */
export const createUpload = async (
  { clientId, body }: CreateRequest,
  dependencies: CreateDependencies,
): Promise<CreatedUpload> => {
  const { store, forms, count, now, randomBytes, windowSeconds, recordDays } = dependencies;
  const wish = checkWish(body, dependencies);
  const id = `upl_${Buffer.from(randomBytes(ID_BYTES)).toString('hex')}`;
  const upload = awaitedUpload({ ...wish, uploadId: id, clientId, windowSeconds, recordDays }, now());
  // The row comes first: what arrives without one is nobody's.
  await store.create(upload);
  const { contentType, sizeBytes } = wish;
  const form = await forms.make({ key: uploadKeyOf(clientId, id), contentType, maxBytes: sizeBytes, windowSeconds });
  count(MetricName.UPLOADS_OFFERED);
  return { id, status: UploadStatus.AWAITING, form, expiresAt: upload.uploadUntil };
};

/** @throws ProblemError 400 naming everything that is wrong */
const checkWish = (body: unknown, { contentTypes, maxBytes }: CreateDependencies): Wish => {
  if (!validateUpload(body)) {
    const known = Object.keys(uploadSchema.properties);
    const errors = schemaFaults(validateUpload.errors ?? [], () => known);
    throw new ProblemError(Problem.INVALID_REQUEST, undefined, { errors });
  }
  const wish = body as Wish;
  const faults: RequestFault[] = [];
  if (!contentTypes.includes(wish.contentType)) {
    faults.push({ pointer: '#/contentType', detail: `must be one of ${contentTypes.join(', ')}` });
  }
  if (wish.sizeBytes > maxBytes) faults.push({ pointer: '#/sizeBytes', detail: `must be <= ${maxBytes}` });
  if (faults.length > 0) throw new ProblemError(Problem.INVALID_REQUEST, undefined, { errors: faults });
  return wish;
};
