import { fileTypeFromBuffer } from 'file-type';
import type { UploadContentType } from '../../../../lib/contract/uploads';

/** What the magic bytes of each type are called. Texts have none; what they are is judged by their content. */
const DETECTED: Readonly<Record<UploadContentType, readonly string[]>> = {
  'image/png': ['image/png', 'image/apng'],
  'image/jpeg': ['image/jpeg'],
  'image/gif': ['image/gif'],
  'image/webp': ['image/webp'],
  'application/pdf': ['application/pdf'],
  'application/zip': ['application/zip'],
  'application/gzip': ['application/gzip'],
  'text/plain': [],
  'text/csv': [],
  'application/json': [],
  'image/svg+xml': [],
  'text/html': [],
  'application/xml': [],
};

export const isTextType = (contentType: UploadContentType): boolean => DETECTED[contentType].length === 0;

/** The type that the first bytes tell; undefined where they tell none. */
export const detectType = async (head: Uint8Array): Promise<string | undefined> => {
  // file-type would inflate it, to see whether it holds a tape archive; the inspection looks into it itself.
  if (isGzip(head)) return 'application/gzip';
  return (await fileTypeFromBuffer(head))?.mime;
};

export const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b;

/** Whether the first bytes are those of the declared type, which must be a binary one. */
export const hasMagicOf = async (contentType: UploadContentType, head: Uint8Array): Promise<boolean> =>
  DETECTED[contentType].includes((await detectType(head)) ?? '');
