import { type Entry, getFileNameLowLevel, type LocalFileHeader, validateFileName } from 'yauzl';
import { UploadRefusal, type UploadRefusalValue } from '../../../../../lib/contract/uploads';
import { RefusedError } from '../errors';

/** Methods that can be looked into: stored and deflated. */
const METHODS = [0, 8];

/** Longest name that is kept while an archive is inspected. */
const MAX_NAME_BYTES = 1_024;

/** Bits of an entry's flags by which readers differ: encrypted, sizes behind the data, name in UTF-8. */
const FLAGS = 0x0809;
export const SIZES_BEHIND_DATA = 0x0008;

/** Size that says "see the extra field". */
const IN_EXTRA_FIELD = 0xffff_ffff;

const UNIX = 3;
const UNIX_TYPE = 0xf000;
const UNIX_LINK = 0xa000;

const refuse = (refusal: UploadRefusalValue): never => {
  throw new RefusedError(refusal);
};

/** A link leads a reader that follows it out of the folder it unpacks into. */
const isLink = ({ versionMadeBy, externalFileAttributes }: Entry): boolean =>
  versionMadeBy >>> 8 === UNIX && ((externalFileAttributes >>> 16) & UNIX_TYPE) === UNIX_LINK;

const isUnsafe = (name: string): boolean => name === '' || validateFileName(name) !== null;

const isControl = (byte: number): boolean => byte < 0x20 || byte === 0x7f;

/** The name of an entry that can be looked into and stays in its folder. @throws RefusedError */
export const checkEntry = (entry: Entry): string => {
  const { generalPurposeBitFlag: flags, fileNameRaw, extraFields } = entry;
  if (fileNameRaw.length > MAX_NAME_BYTES) refuse(UploadRefusal.ARCHIVE_PATH);
  // A field of its own may hold another name; some readers take that one.
  const names = [extraFields, []].map((fields) => getFileNameLowLevel(flags, fileNameRaw, fields, true));
  if (names.some(isUnsafe) || fileNameRaw.some(isControl) || isLink(entry)) refuse(UploadRefusal.ARCHIVE_PATH);
  if (entry.isEncrypted()) refuse(UploadRefusal.ARCHIVE_ENCRYPTED);
  if (!METHODS.includes(entry.compressionMethod)) refuse(UploadRefusal.ARCHIVE_UNSUPPORTED);
  return names[0] ?? '';
};

/** That the header in front of the data says the same as the directory. @throws RefusedError */
export const checkHeaders = (entry: Entry, local: LocalFileHeader): void => {
  const hasSizes = (entry.generalPurposeBitFlag & SIZES_BEHIND_DATA) === 0;
  const isSame =
    local.fileName.equals(entry.fileNameRaw) &&
    local.compressionMethod === entry.compressionMethod &&
    ((local.generalPurposeBitFlag ^ entry.generalPurposeBitFlag) & FLAGS) === 0 &&
    (!hasSizes || local.crc32 === entry.crc32) &&
    [
      [local.compressedSize, entry.compressedSize],
      [local.uncompressedSize, entry.uncompressedSize],
    ].every(([here, there]) => here === there || here === IN_EXTRA_FIELD || (!hasSizes && here === 0));
  if (!isSame) refuse(UploadRefusal.ARCHIVE_INCONSISTENT);
};
