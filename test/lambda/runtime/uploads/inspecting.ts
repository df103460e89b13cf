import { inspect } from '../../../../lambda/runtime/uploads/inspection/inspect';
import { BufferSource } from '../../../../lambda/runtime/uploads/inspection/object-source';
import {
  DEFAULT_ARCHIVE_LIMITS,
  type UploadArchiveLimits,
  type UploadContentType,
} from '../../../../lib/contract/uploads';

/** Inspects bytes as an upload of that type and of their own size; answers the refusals. */
export const refusalsOf = async (
  contentType: UploadContentType,
  content: Uint8Array | string,
  limits: Partial<UploadArchiveLimits> = {},
): Promise<readonly string[]> => {
  const bytes = Buffer.from(content);
  const { refusals } = await inspect(
    new BufferSource(bytes),
    { contentType, sizeBytes: bytes.length },
    { ...DEFAULT_ARCHIVE_LIMITS, ...limits },
  );
  return refusals;
};
