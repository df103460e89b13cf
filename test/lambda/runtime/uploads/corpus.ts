import { crc32, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

const pngChunk = (type: string, data: Buffer): Buffer => {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([uint32(data.length), named, uint32(crc32(named))]);
};

/** A real image of one red dot, with comments where they are wanted. */
export const png = (comment?: string): Buffer =>
  Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0])),
    ...(comment === undefined ? [] : [pngChunk('tEXt', Buffer.from(`Comment\0${comment}`, 'latin1'))]),
    pngChunk('IDAT', deflateSync(Buffer.from([0, 255, 0, 0]))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);

/** A grey dot each, made once by an encoder. */
export const jpeg = (): Buffer =>
  Buffer.from(
    'ffd8ffe000104a46494600010100000100010000ffdb004300080606070605080707070909080a0c140d0c0b0b0c1912130f141d1a1f1e1d1a1c1c20242e2720222c231c1c2837292c30313434341f27393d38323c2e333432ffc0000b080001000101011100ffc4001f0000010501010101010100000000000000000102030405060708090a0bffc400b5100002010303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9faffda0008010100003f00fbd28a2803ffd9',
    'hex',
  );
export const gif = (): Buffer => Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
export const webp = (): Buffer => Buffer.from('UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAgA0JaQAA3AA/vuUAAA=', 'base64');

export const pdf = (more = ''): Buffer =>
  Buffer.from(
    `%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n${more}trailer<</Root 1 0 R>>\n%%EOF\n`,
    'latin1',
  );

export const svg = (inside = '<circle r="4"/>', attributes = ''): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${attributes}>${inside}</svg>`;

/** One entry of an archive; what is left out is as an honest writer makes it. */
export interface ZipEntry {
  readonly name: string | Buffer;
  readonly data: Buffer | string;
  readonly stored?: boolean;
  /** Bytes of the entry in place of the compressed data. */
  readonly packed?: Buffer;
  readonly flags?: number;
  readonly method?: number;
  readonly localName?: string;
  readonly localMethod?: number;
  readonly localSize?: number;
  readonly uncompressedSize?: number;
  readonly crc?: number;
  readonly extra?: Buffer;
  readonly versionMadeBy?: number;
  readonly externalAttributes?: number;
  /** Bytes between the entry and the next one. */
  readonly gap?: Buffer;
  /** Place of another entry's header that the directory names for this one. */
  readonly offset?: number;
  /** Whether sizes and checksum come behind the data. */
  readonly descriptor?: boolean;
}

export interface ZipOptions {
  readonly prefix?: Buffer;
  readonly comment?: Buffer;
  /** Entries that the end record counts. */
  readonly count?: number;
  /** Bytes between the directory and the end record. */
  readonly behindDirectory?: Buffer;
}

const headerOf = (signature: number, fields: readonly (readonly [number, 2 | 4])[]): Buffer => {
  const bytes = Buffer.alloc(4 + fields.reduce((sum, [, size]) => sum + size, 0));
  bytes.writeUInt32LE(signature);
  let at = 4;
  for (const [value, size] of fields) {
    if (size === 2) bytes.writeUInt16LE(value, at);
    else bytes.writeUInt32LE(value >>> 0, at);
    at += size;
  }
  return bytes;
};

const partsOf = (entry: ZipEntry) => {
  const data = Buffer.from(entry.data);
  const packed = entry.packed ?? (entry.stored ? data : deflateRawSync(data));
  const name = Buffer.from(entry.name);
  const method = entry.method ?? (entry.stored ? 0 : 8);
  const flags = (entry.flags ?? 0) | (entry.descriptor ? 8 : 0);
  const checksum = entry.crc ?? crc32(data);
  const size = entry.uncompressedSize ?? data.length;
  return { data, packed, name, method, flags, checksum, size, extra: entry.extra ?? Buffer.alloc(0) };
};

const localOf = (entry: ZipEntry): Buffer => {
  const { packed, name, method, flags, checksum, size } = partsOf(entry);
  const localName = entry.localName === undefined ? name : Buffer.from(entry.localName);
  const here = entry.descriptor ? [0, 0, 0] : [checksum, packed.length, entry.localSize ?? size];
  const header = headerOf(0x04034b50, [
    [20, 2],
    [flags, 2],
    [entry.localMethod ?? method, 2],
    [0, 4],
    ...here.map((value) => [value, 4] as const),
    [localName.length, 2],
    [0, 2],
  ]);
  const descriptor = entry.descriptor
    ? headerOf(0x08074b50, [
        [checksum, 4],
        [packed.length, 4],
        [size, 4],
      ])
    : Buffer.alloc(0);
  return Buffer.concat([header, localName, packed, descriptor, entry.gap ?? Buffer.alloc(0)]);
};

const centralOf = (entry: ZipEntry, offset: number): Buffer => {
  const { packed, name, method, flags, checksum, size, extra } = partsOf(entry);
  const header = headerOf(0x02014b50, [
    [entry.versionMadeBy ?? 20, 2],
    [20, 2],
    [flags, 2],
    [method, 2],
    [0, 4],
    [checksum, 4],
    [packed.length, 4],
    [size, 4],
    [name.length, 2],
    [extra.length, 2],
    [0, 2],
    [0, 2],
    [0, 2],
    [entry.externalAttributes ?? 0, 4],
    [entry.offset ?? offset, 4],
  ]);
  return Buffer.concat([header, name, extra]);
};

/** A ZIP archive, honest unless its entries or options say otherwise. */
export const zip = (entries: readonly ZipEntry[], options: ZipOptions = {}): Buffer => {
  const { prefix = Buffer.alloc(0), comment = Buffer.alloc(0), behindDirectory = Buffer.alloc(0) } = options;
  const parts = [prefix];
  const directory: Buffer[] = [];
  let offset = prefix.length;
  for (const entry of entries) {
    const local = localOf(entry);
    directory.push(centralOf(entry, offset));
    parts.push(local);
    offset += local.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = headerOf(0x06054b50, [
    [0, 4],
    [options.count ?? entries.length, 2],
    [options.count ?? entries.length, 2],
    [size, 4],
    [offset, 4],
    [comment.length, 2],
  ]);
  return Buffer.concat([...parts, ...directory, behindDirectory, end, comment]);
};

/** Much of nothing: a bomb of `bytes` bytes that deflates to a thousandth. */
export const zeros = (bytes: number): Buffer => Buffer.alloc(bytes);

/** Archives within archives, the innermost of which holds the data. */
export const nestedZip = (levels: number, data: Buffer | string): Buffer => {
  const inner = zip([{ name: 'content', data }]);
  return levels === 1 ? inner : zip([{ name: 'inner.zip', data: nestedZip(levels - 1, data) }]);
};

export const gzip = (data: Buffer | string): Buffer => gzipSync(data);

/** A file within a tape archive. */
export const tar = (name: string, content: string): Buffer => {
  const header = Buffer.alloc(512);
  header.write(name, 0, 'latin1');
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(content.length.toString(8).padStart(11, '0'), 124);
  header.write('00000000000', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  body.write(content);
  return Buffer.concat([header, body, Buffer.alloc(1024)]);
};
