/** The record at the end of a ZIP archive, by which readers find its directory. */
const SIGNATURE = Buffer.from([0x50, 0x4b, 0x05, 0x06]);
const RECORD_BYTES = 22;

/** Bytes at the end of a file in which the record may begin: it may be followed by a comment. */
export const END_RECORD_WINDOW = RECORD_BYTES + 0xffff;

function* recordsIn(tail: Buffer): Generator<number> {
  for (let at = tail.indexOf(SIGNATURE); at !== -1; at = tail.indexOf(SIGNATURE, at + 1)) {
    if (at + RECORD_BYTES <= tail.length) yield at;
  }
}

/**
 * Whether some reader would take a file for a ZIP archive, whatever it begins with: readers look for the record from the
 * end. The signature alone may be chance, so that the numbers behind it must be possible in a file of that size.
 */
export const endsLikeZip = (tail: Buffer, fileSize: number): boolean => {
  const start = fileSize - tail.length;
  for (const at of recordsIn(tail)) {
    const isOneDisk = tail.readUInt32LE(at + 4) === 0;
    const isWhole = tail.readUInt16LE(at + 8) === tail.readUInt16LE(at + 10);
    const directorySize = tail.readUInt32LE(at + 12);
    if (isOneDisk && isWhole && directorySize <= start + at) return true;
  }
  return false;
};

/**
 * Whether two records each reach to the end of the file by their comments: then readers that search forwards find
 * another directory than those that search backwards.
 */
export const hasTwoEnds = (tail: Buffer): boolean => {
  let ends = 0;
  for (const at of recordsIn(tail)) {
    if (tail.readUInt16LE(at + 20) === tail.length - at - RECORD_BYTES) ends += 1;
  }
  return ends > 1;
};
