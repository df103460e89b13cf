import { randomBytes } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';
import { inspect } from '../../../../lambda/runtime/uploads/inspection/inspect';
import type { IObjectSource } from '../../../../lambda/runtime/uploads/inspection/object-source';
import { DEFAULT_ARCHIVE_LIMITS, type UploadArchiveLimits } from '../../../../lib/contract/uploads';
import { gzip, nestedZip, png, tar, type ZipEntry, type ZipOptions, zeros, zip } from './corpus';
import { refusalsOf } from './inspecting';

const MIB = 1024 ** 2;
const file: ZipEntry = { name: 'a.txt', data: 'hello' };
const refusals = (entries: readonly ZipEntry[], options?: ZipOptions) =>
  refusalsOf('application/zip', zip(entries, options));

describe('an honest archive', () => {
  test.each<[string, ZipEntry[], ZipOptions?]>([
    ['stored', [{ ...file, stored: true }]],
    [
      'with its sizes behind the data',
      [
        { ...file, descriptor: true },
        { name: 'b', data: 'there', descriptor: true },
      ],
    ],
    [
      'with a large file first, its size behind it',
      [{ name: 'noise', data: randomBytes(3 * MIB), descriptor: true }, file],
    ],
    ['with a comment', [file], { comment: Buffer.from('made by hand') }],
    ['with names beyond ASCII', [{ ...file, name: '가나다.txt', flags: 0x800 }]],
    ['with the same content twice', [file, { ...file, name: 'b.txt' }]],
    [
      'with an empty file',
      [
        { name: 'empty', data: '' },
        { name: 'stored', data: '', stored: true },
      ],
    ],
    ['with an archive in it, stored', [{ name: 'inner.zip', data: zip([file]), stored: true }]],
    ['with a zipped text in it', [{ name: 'a.txt.gz', data: gzip('hello') }]],
    ['with a large file in it', [{ name: 'noise', data: randomBytes(3 * MIB) }]],
    ['with an image in it', [{ name: 'dot.png', data: png() }]],
  ])('%s is clean', async (_, ...[entries, options]) => {
    expect(await refusals(entries, options)).toEqual([]);
  });
});

describe('a bomb', () => {
  test('one file of zeros is refused by its ratio, before it is inflated', async () => {
    expect(await refusals([{ name: 'zeros', data: zeros(20 * MIB) }])).toEqual(['archive-ratio']);
  });

  test('one that lies about its size is refused while it is inflated', async () => {
    const data = zeros(20 * MIB);
    expect(await refusals([{ name: 'zeros', data, uncompressedSize: 100, localSize: 100 }])).toEqual(['archive-ratio']);
  });

  test('a zipped text of zeros', async () => {
    expect(await refusalsOf('application/gzip', gzip(zeros(20 * MIB)))).toEqual(['archive-ratio']);
  });

  test('a little of it is none: a mebibyte may be empty', async () => {
    expect(await refusals([{ name: 'zeros', data: zeros(MIB) }])).toEqual([]);
    expect(await refusals([{ name: 'zeros', data: zeros(MIB + 1) }])).toEqual(['archive-ratio']);
  });

  test('one in an archive in an archive', async () => {
    const bomb = nestedZip(2, zeros(20 * MIB));
    expect(await refusalsOf('application/zip', bomb)).toEqual(['archive-ratio']);
  });

  test.each([
    [5 * MIB, []],
    [5 * MIB - 1, ['archive-too-large']],
  ])('what becomes 5 MiB, where %i bytes are allowed', async (maxInflatedBytes, expected) => {
    const content = zip([
      { name: 'a', data: randomBytes(2 * MIB) },
      { name: 'b', data: randomBytes(3 * MIB) },
    ]);
    expect(await refusalsOf('application/zip', content, { maxInflatedBytes })).toEqual(expected);
  });

  test('many files that share their bytes', async () => {
    const first: ZipEntry = { name: 'a', data: zeros(1000) };
    const entries = Array.from({ length: 20 }, (_, number) => ({
      ...first,
      name: `${number}`,
      localName: 'a',
      offset: 0,
    }));
    expect(await refusals([first, ...entries])).toEqual(['archive-inconsistent']);
  });

  test('many files that are one within the other', async () => {
    const inner = zip([file]).subarray(0, 30 + 5 + deflateRawSync('hello').length);
    const outer: ZipEntry = { name: 'outer', data: inner, stored: true };
    const content = zip([outer, { ...file, packed: Buffer.alloc(0), offset: 30 + 5 }]);
    expect(await refusalsOf('application/zip', content)).not.toEqual([]);
  });

  test.each([
    [1000, 1000, []],
    [1001, 1000, ['archive-too-many-entries']],
    [3, 2, ['archive-too-many-entries']],
  ])(
    '%i entries, where %i are allowed',
    async (count, maxEntries, expected) => {
      const content = zip(Array.from({ length: count }, (_, number) => ({ name: `${number}`, data: '' })));
      expect(await refusalsOf('application/zip', content, { maxEntries })).toEqual(expected);
    },
    60_000,
  );

  test('entries of all levels count together', async () => {
    const inner = () => zip(Array.from({ length: 3 }, (_, number) => ({ name: `${number}`, data: '' })));
    const content = zip([
      { name: 'a.zip', data: inner() },
      { name: 'b.zip', data: inner() },
    ]);
    expect(await refusalsOf('application/zip', content, { maxEntries: 8 })).toEqual([]);
    expect(await refusalsOf('application/zip', content, { maxEntries: 7 })).toEqual(['archive-too-many-entries']);
  });

  test.each([
    [1, 1, []],
    [2, 1, ['archive-too-deep']],
    [2, 2, []],
    [3, 2, ['archive-too-deep']],
    [5, 5, []],
  ])('%i levels, where %i are allowed', async (levels, maxDepth, expected) => {
    expect(await refusalsOf('application/zip', nestedZip(levels, 'hello'), { maxDepth })).toEqual(expected);
  });

  test.each([
    [1, ['archive-too-deep']],
    [2, []],
  ])('a zipped text that is zipped again, where %i levels are allowed', async (maxDepth, expected) => {
    expect(await refusalsOf('application/gzip', gzip(gzip('hello')), { maxDepth })).toEqual(expected);
  });

  test('an archive within another is held in memory up to 32 MiB', async () => {
    const inner = zip([{ name: 'noise', data: randomBytes(33 * MIB), stored: true }]);
    expect(await refusals([{ name: 'inner.zip', data: inner, stored: true }])).toEqual(['archive-too-large']);
  });
});

describe('a name that leads out of the folder', () => {
  const unicodePath = (raw: string, name: string): Buffer => {
    const data = Buffer.concat([Buffer.from([1]), Buffer.alloc(4), Buffer.from(name)]);
    data.writeUInt32LE(crc32(Buffer.from(raw)), 1);
    const header = Buffer.alloc(4);
    header.writeUInt16LE(0x7075);
    header.writeUInt16LE(data.length, 2);
    return Buffer.concat([header, data]);
  };

  test.each([
    '../a',
    'a/../../b',
    '/etc/passwd',
    'C:/windows/a',
    '..\\a',
    'a\\b',
    '',
    'a\0b',
    'a\nb',
    `${'x'.repeat(1025)}`,
  ])('%j', async (name) => {
    expect(await refusals([{ name, data: 'x' }])).toEqual(['archive-path']);
  });

  test('in the field for names beyond ASCII', async () => {
    expect(await refusals([{ ...file, extra: unicodePath('a.txt', '../a') }])).toEqual(['archive-path']);
    expect(await refusals([{ ...file, extra: unicodePath('a.txt', 'b.txt') }])).toEqual([]);
  });

  test('by a link', async () => {
    const link = { versionMadeBy: 0x0314, externalAttributes: 0xa1ff0000 };
    expect(await refusals([{ name: 'link', data: '/etc/passwd', ...link }])).toEqual(['archive-path']);
  });

  test('in an archive within', async () => {
    expect(await refusals([{ name: 'a.zip', data: zip([{ name: '../a', data: 'x' }]) }])).toEqual(['archive-path']);
  });
});

describe('what two readers would read differently', () => {
  test.each<[string, ZipEntry[], ZipOptions?]>([
    ['another name in front of the data', [{ ...file, localName: 'b.txt' }]],
    ['another method in front of the data', [{ ...file, localMethod: 0 }]],
    ['another size in front of the data', [{ ...file, localSize: 4 }]],
    ['two entries of one name', [file, file]],
    [
      'bytes between two entries',
      [
        { ...file, gap: Buffer.from('hidden') },
        { name: 'b', data: 'x' },
      ],
    ],
    [
      'an entry that the directory leaves out',
      [
        { ...file, gap: zip([file]).subarray(0, 42) },
        { name: 'b', data: 'x' },
      ],
    ],
    ['bytes between the entries and the directory', [{ ...file, gap: Buffer.from('x') }]],
    ['records that the count leaves out', [file, { name: 'b', data: 'x' }], { count: 1 }],
    ['bytes behind the directory', [file], { behindDirectory: Buffer.from('xx') }],
    ['another checksum', [{ ...file, crc: 1 }]],
    ['more bytes than it says', [{ ...file, uncompressedSize: 4, localSize: 4 }]],
    [
      'bytes behind the end of the deflated data',
      [{ ...file, packed: Buffer.concat([deflateRawSync('hello'), Buffer.from('more')]) }],
    ],
  ])('%s', async (_, ...[entries, options]) => {
    expect(await refusals(entries, options)).toEqual(['archive-inconsistent']);
  });

  test('two ends: whoever searches forwards finds another directory', async () => {
    const visible = zip([file]);
    const hidden = zip([{ name: 'evil', data: 'x' }]);
    // The first end's comment is all of the second archive.
    const content = Buffer.from(Buffer.concat([visible, hidden]));
    content.writeUInt16LE(hidden.length, visible.length - 2);
    expect(await refusalsOf('application/zip', content)).toEqual(['archive-inconsistent']);
  });

  test('bytes in front of the archive, as of a program that unpacks itself', async () => {
    expect(await refusals([file], { prefix: Buffer.from('MZ') })).toEqual(['type-mismatch']);
    const disguised = zip([file], { prefix: zip([{ name: 'x', data: 'x' }]).subarray(0, 40) });
    expect(await refusalsOf('application/zip', disguised)).toEqual(['archive-inconsistent']);
  });

  test('bytes behind the end of zipped data', async () => {
    const content = Buffer.concat([gzip('hello'), Buffer.from('more')]);
    expect(await refusalsOf('application/gzip', content)).toEqual([
      expect.stringMatching(/^archive-(corrupt|inconsistent)$/),
    ]);
  });
});

describe('what cannot be looked into', () => {
  test.each<[string, ZipEntry, string]>([
    ['an encrypted entry', { ...file, flags: 1 }, 'archive-encrypted'],
    ['a strongly encrypted entry', { ...file, flags: 0x41 }, 'archive-encrypted'],
    ['another method', { ...file, method: 14 }, 'archive-unsupported'],
    ['a tape archive', { name: 'a.tar', data: tar('a', 'x') }, 'archive-unsupported'],
    ['a 7z archive', { name: 'a.7z', data: Buffer.from('377abcaf271c0004', 'hex') }, 'archive-unsupported'],
    ['data that does not inflate', { ...file, packed: Buffer.from('no deflate') }, 'archive-corrupt'],
    [
      'data whose end is missing',
      { ...file, packed: deflateRawSync(randomBytes(100)).subarray(0, 50) },
      'archive-corrupt',
    ],
    ['a file with an archive behind it', { name: 'a', data: Buffer.concat([png(), zip([file])]) }, 'polyglot'],
  ])('%s', async (_, entry, refusal) => {
    expect(await refusals([entry])).toEqual([refusal]);
  });

  test('a zipped tape archive', async () => {
    expect(await refusalsOf('application/gzip', gzip(tar('../a', 'x')))).toEqual(['archive-unsupported']);
  });

  test.each([
    ['an archive without its end', zip([file]).subarray(0, -30)],
    [
      'an archive whose directory is beyond its end',
      zip([file]).fill(0x7f, zip([file]).length - 6, zip([file]).length - 2),
    ],
    ['zipped data without its end', gzip(randomBytes(100)).subarray(0, 60)],
  ])('%s', async (name, content) => {
    const type = name.startsWith('zipped') ? 'application/gzip' : 'application/zip';
    expect(await refusalsOf(type, content)).toEqual(['archive-corrupt']);
  });
});

test.each<[string, Buffer, Partial<UploadArchiveLimits>, string]>([
  ['refused at its first bytes', gzip(tar('a', randomBytes(MIB).toString('base64'))), {}, 'archive-unsupported'],
  ['refused by its level', gzip(gzip(randomBytes(MIB))), { maxDepth: 1 }, 'archive-too-deep'],
  ['refused by its ratio', gzip(zeros(2 * MIB)), {}, 'archive-ratio'],
  ['inspected to its end', gzip('hello'), {}, ''],
])('what is %s leaves no connection open', async (_, bytes, limits, refusal) => {
  let open = 0;
  const source: IObjectSource = {
    size: bytes.length,
    read: async (start, end) => bytes.subarray(start, end),
    async *stream() {
      open += 1;
      try {
        for (let at = 0; at < bytes.length; at += 1_000) yield bytes.subarray(at, at + 1_000);
      } finally {
        open -= 1;
      }
    },
  };
  const claim = { contentType: 'application/gzip', sizeBytes: bytes.length } as const;
  const { refusals: found } = await inspect(source, claim, { ...DEFAULT_ARCHIVE_LIMITS, ...limits });
  expect(found).toEqual(refusal === '' ? [] : [refusal]);
  expect(open).toBe(0);
});
