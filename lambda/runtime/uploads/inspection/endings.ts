import { type UploadContentType, UploadRefusal, type UploadRefusalValue } from '../../../../lib/contract/uploads';
import type { Ends } from './disguises';

const PNG_END = Buffer.from('0000000049454e44ae426082', 'hex');
const JPEG_END = Buffer.from([0xff, 0xd9]);
const GIF_END = 0x3b;
const PDF_END_WINDOW = 1_024;
const RIFF_HEADER_BYTES = 8;

type Rule = (ends: Ends) => UploadRefusalValue | undefined;

const png: Rule = ({ tail }) => {
  if (tail.subarray(-PNG_END.length).equals(PNG_END)) return undefined;
  return tail.includes(PNG_END) ? UploadRefusal.POLYGLOT : UploadRefusal.TRUNCATED;
};

/** Cameras write more behind the image; within it, the end's bytes occur in a preview only, which is at the front. */
const jpeg: Rule = ({ tail }) => (tail.includes(JPEG_END) ? undefined : UploadRefusal.TRUNCATED);

const gif: Rule = ({ tail }) => {
  const last = tail.findLast((byte) => byte !== 0);
  return last === GIF_END ? undefined : UploadRefusal.TRUNCATED;
};

const webp: Rule = ({ head, size }) => {
  const length = head.length >= RIFF_HEADER_BYTES ? head.readUInt32LE(4) + RIFF_HEADER_BYTES : 0;
  if (length === size || length + 1 === size) return undefined;
  return length > size ? UploadRefusal.TRUNCATED : UploadRefusal.POLYGLOT;
};

const pdf: Rule = ({ tail }) =>
  tail.subarray(-PDF_END_WINDOW).includes('%%EOF') ? undefined : UploadRefusal.TRUNCATED;

const RULES: Partial<Record<UploadContentType, Rule>> = {
  'image/png': png,
  'image/jpeg': jpeg,
  'image/gif': gif,
  'image/webp': webp,
  'application/pdf': pdf,
};

/** What is wrong with the end of a file of this type. */
export const judgeEnding = (contentType: UploadContentType, ends: Ends): UploadRefusalValue | undefined =>
  RULES[contentType]?.(ends);
