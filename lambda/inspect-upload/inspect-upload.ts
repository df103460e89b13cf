import { MetricName } from '../../lib/contract/metrics';
import {
  MALWARE_REFUSALS,
  MalwareScanStatus,
  type UploadContentType,
  UploadRefusal,
  type UploadRefusalValue,
  UploadStatus,
  uploadIdOfKey,
  uploadKeyOf,
} from '../../lib/contract/uploads';
import type { QuarantinedObject } from '../runtime/uploads/buckets';
import { inspect } from '../runtime/uploads/inspection/inspect';
import { servedTypeOf } from '../runtime/uploads/served-type';
import { isDecided, type Upload } from '../runtime/uploads/upload';
import type { InspectDependencies, Invocation } from './dependencies';
import type { UploadEvent } from './upload-event';

/** Thrown where nothing can be decided yet: the upload stays where it is, and the message comes back. */
export class UndecidedError extends Error {
  override readonly name = 'UndecidedError';
}

interface Work {
  readonly upload: Upload;
  readonly object: QuarantinedObject;
  readonly dependencies: InspectDependencies;
}

const versionOf = ({ upload: { uploadId }, object: { versionId } }: Work) => ({ uploadId, versionId });

/** A row that must be there: it outlives its object. */
const present = (upload: Upload | undefined): Upload => {
  if (!upload) throw new UndecidedError('The row of the upload is gone.');
  return upload;
};

/**
 * Brings one upload on by as much as can be done now. It may be called again at any time, for any event, after a crash at
 * any step, and beside itself: each decision is one conditional write for one version.
 * @throws whatever keeps it from deciding; nothing becomes readable by that
 */
export const inspectUpload = async (
  event: UploadEvent,
  dependencies: InspectDependencies,
  { log }: Invocation,
): Promise<void> => {
  const uploadId = uploadIdOfKey(event.key);
  const known = uploadId === undefined ? undefined : await dependencies.store.read(uploadId);
  // The form fixes the key: whatever lies under another one was not brought by it, and nobody can read it.
  if (!known || uploadKeyOf(known.clientId, known.uploadId) !== event.key) {
    log.warn('An object lies in quarantine that no upload is about.');
    return;
  }
  const object = await dependencies.quarantine.open(event.key, event.versionId);
  if (!object) return;
  const upload = present(
    await dependencies.store.bind({ uploadId: known.uploadId, versionId: object.versionId }, dependencies.now()),
  );
  await proceed({ upload, object, dependencies }, log);
};

const proceed = async (work: Work, log: Invocation['log']): Promise<void> => {
  const { upload, object, dependencies } = work;
  if (upload.versionId !== object.versionId) return removeSuperfluous(work, log);
  if (isDecided(upload)) return tidy(work);
  const decided = upload.verdict === undefined ? await decide(work, log) : upload;
  if (decided.verdict === undefined) return;
  const { contentType, name, sha256 = '' } = decided;
  await dependencies.clean.copy({
    object,
    sha256,
    contentType: servedTypeOf(contentType as UploadContentType),
    ...(name !== undefined && { name }),
  });
  await dependencies.store.finish(versionOf(work), dependencies.now());
  dependencies.count(MetricName.UPLOADS_CLEAN);
  log.info('The upload is clean.', { sha256 });
  await tidy({ ...work, upload: { ...decided, status: UploadStatus.CLEAN } });
};

/** The form may be used more than once while it is valid. What came after the first is never looked at. */
const removeSuperfluous = async ({ object, dependencies }: Work, log: Invocation['log']): Promise<void> => {
  await dependencies.quarantine.remove(object.key, object.versionId);
  dependencies.count(MetricName.UPLOADS_SUPERFLUOUS);
  log.warn('A second object came for the same upload, and was removed.');
};

/** A clean version has its copy; a refused one stays until it expires, for whoever looks into it. */
const tidy = async ({ upload, object, dependencies }: Work): Promise<void> => {
  if (upload.status === UploadStatus.CLEAN) await dependencies.quarantine.remove(object.key, object.versionId);
};

/** Decides, or finds what was decided meanwhile. @throws where it cannot be decided */
const decide = async (work: Work, log: Invocation['log']): Promise<Upload> => {
  const { upload, object, dependencies } = work;
  const { store, now } = dependencies;
  let { sha256 } = upload;
  if (sha256 === undefined) {
    const found = await inspectObject(work);
    if (found.refusals.length > 0) return refuse(work, found.refusals, log);
    sha256 = found.sha256;
  }
  if (sha256 === undefined) throw new UndecidedError('Nothing was read.');
  if (dependencies.scanRequired) {
    const scan = await dependencies.quarantine.readScanStatus(object.key, object.versionId);
    if (scan === MalwareScanStatus.THREATS_FOUND) return refuse(work, [UploadRefusal.MALWARE], log);
    if (scan !== MalwareScanStatus.NO_THREATS_FOUND) {
      await store.noteInspected(versionOf(work), sha256, now());
      throw new UndecidedError(`The malware scanner has said ${scan ?? 'nothing yet'}.`);
    }
  }
  return present(await store.decideClean(versionOf(work), sha256, now()));
};

const inspectObject = async ({ upload, object, dependencies }: Work) => {
  const { contentType, sizeBytes } = upload;
  // S3 checks it with the form; here it is checked that S3 did.
  if (object.contentType !== contentType) return { refusals: [UploadRefusal.TYPE_MISMATCH] };
  return inspect(object.source, { contentType: contentType as UploadContentType, sizeBytes }, dependencies.limits);
};

const refuse = async (work: Work, reasons: readonly UploadRefusalValue[], log: Invocation['log']): Promise<Upload> => {
  const { store, count, now } = work.dependencies;
  const decided = present(await store.decideRefused(versionOf(work), reasons, now()));
  if (decided.status !== UploadStatus.REFUSED) return decided;
  count(MetricName.UPLOADS_REFUSED);
  if (reasons.some((reason) => MALWARE_REFUSALS.includes(reason))) count(MetricName.UPLOADS_MALWARE);
  log.warn('The upload is refused.', { reasons });
  return decided;
};
