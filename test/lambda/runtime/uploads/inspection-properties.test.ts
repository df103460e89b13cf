import fc from 'fast-check';
import { ByteSearch } from '../../../../lambda/runtime/uploads/inspection/byte-search';
import { inspect } from '../../../../lambda/runtime/uploads/inspection/inspect';
import {
  BlockSource,
  BufferSource,
  type IObjectSource,
} from '../../../../lambda/runtime/uploads/inspection/object-source';
import { TextCheck } from '../../../../lambda/runtime/uploads/inspection/text-check';
import { HeadWindow, TailWindow } from '../../../../lambda/runtime/uploads/inspection/windows';
import {
  DEFAULT_ARCHIVE_LIMITS,
  UPLOAD_CONTENT_TYPES,
  type UploadContentType,
  UploadRefusal,
} from '../../../../lib/contract/uploads';
import { gif, gzip, jpeg, nestedZip, pdf, png, svg, webp, zip } from './corpus';
import { refusalsOf } from './inspecting';

const KNOWN = Object.values(UploadRefusal) as string[];

const GOOD: readonly (readonly [UploadContentType, Buffer])[] = [
  ['image/png', png()],
  ['image/jpeg', jpeg()],
  ['image/gif', gif()],
  ['image/webp', webp()],
  ['application/pdf', pdf()],
  ['application/json', Buffer.from('{"a":[1,"b"]}')],
  [
    'application/zip',
    zip([
      { name: 'a', data: 'hello' },
      { name: 'b', data: 'there', descriptor: true },
    ]),
  ],
  ['application/zip', nestedZip(2, 'hello')],
  ['application/gzip', gzip('hello')],
  ['application/gzip', gzip(nestedZip(1, 'hello'))],
  ['image/svg+xml', Buffer.from(svg('<g id="a"><use xlink:href="#a"/></g>'))],
  ['application/xml', Buffer.from('<a b="c"><!-- d --><e/></a>')],
  ['text/html', Buffer.from('<p title="a">b</p>')],
];

const anyGood = fc.constantFrom(...GOOD);
const anyType = fc.constantFrom(...UPLOAD_CONTENT_TYPES);

test('random bytes are refused, or clean, and never an error', async () => {
  await fc.assert(
    fc.asyncProperty(anyType, fc.uint8Array({ maxLength: 2_000 }), async (contentType, bytes) => {
      for (const refusal of await refusalsOf(contentType, bytes)) expect(KNOWN).toContain(refusal);
    }),
    { numRuns: 300 },
  );
});

test('so is random text, of the characters that markup is made of', async () => {
  const text = fc.string({
    unit: fc.constantFrom(...'<>&;#x"\'=/!-[]?:. \nabon()\\{}', 'script', 'svg', 'url', 'CDATA'),
    maxLength: 200,
  });
  const anyText = fc.constantFrom<UploadContentType>(
    'image/svg+xml',
    'application/xml',
    'text/html',
    'application/json',
  );
  await fc.assert(
    fc.asyncProperty(anyText, text, async (contentType, content) => {
      for (const refusal of await refusalsOf(contentType, content)) expect(KNOWN).toContain(refusal);
    }),
    { numRuns: 500 },
  );
});

test('a good file of which some bytes were changed, left out or put in is refused, or clean, and never an error', async () => {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    remove: fc.integer({ min: 0, max: 8 }),
    insert: fc.uint8Array({ maxLength: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(
      anyGood,
      fc.array(change, { minLength: 1, maxLength: 6 }),
      async ([contentType, good], changes) => {
        let bytes = good;
        for (const { at, remove, insert } of changes) {
          const start = Math.floor(at * bytes.length);
          bytes = Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(start + remove)]);
        }
        for (const refusal of await refusalsOf(contentType, bytes)) expect(KNOWN).toContain(refusal);
      },
    ),
    { numRuns: 1_000 },
  );
});

/** The same bytes, in chunks of these sizes. */
const chunked = (bytes: Buffer, sizes: readonly number[]): IObjectSource => ({
  size: bytes.length,
  read: async (start, end) => bytes.subarray(start, end),
  async *stream() {
    let at = 0;
    for (let turn = 0; at < bytes.length; turn += 1) {
      const size = sizes[turn % sizes.length] ?? 1;
      yield bytes.subarray(at, at + size);
      at += size;
    }
  },
});

test('however the bytes come in, the answer is the same', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(anyGood, anyType, sizes, async ([, bytes], contentType, chunks) => {
      const claim = { contentType, sizeBytes: bytes.length };
      const whole = await inspect(new BufferSource(bytes), claim, DEFAULT_ARCHIVE_LIMITS);
      expect(await inspect(chunked(bytes, chunks), claim, DEFAULT_ARCHIVE_LIMITS)).toEqual(whole);
    }),
    { numRuns: 200 },
  );
});

class ConnectionLost extends Error {}

/** A source whose connection is lost at its n-th chunk or read. */
const failing = (bytes: Buffer, atStep: number) => {
  let step = 0;
  const count = () => {
    step += 1;
    if (step === atStep) throw new ConnectionLost();
  };
  const source: IObjectSource = {
    size: bytes.length,
    async read(start, end) {
      count();
      return bytes.subarray(start, end);
    },
    async *stream() {
      for (let at = 0; at < bytes.length; at += 16) {
        count();
        yield bytes.subarray(at, at + 16);
      }
    },
  };
  return { source, steps: () => step };
};

test('a connection that is lost at any point decides nothing: the error comes out as it is', async () => {
  for (const [contentType, bytes] of GOOD) {
    const claim = { contentType, sizeBytes: bytes.length };
    const calm = failing(bytes, Number.POSITIVE_INFINITY);
    expect(await inspect(calm.source, claim, DEFAULT_ARCHIVE_LIMITS)).toMatchObject({ refusals: [] });
    for (let atStep = 1; atStep <= calm.steps(); atStep += 1) {
      const { source } = failing(bytes, atStep);
      await expect(inspect(source, claim, DEFAULT_ARCHIVE_LIMITS)).rejects.toBeInstanceOf(ConnectionLost);
    }
  }
});

test('fewer bytes than the object has decide nothing', async () => {
  const bytes = png();
  const short: IObjectSource = { ...chunked(bytes.subarray(0, -1), [7]), size: bytes.length };
  const claim = { contentType: 'image/png', sizeBytes: bytes.length } as const;
  await expect(inspect(short, claim, DEFAULT_ARCHIVE_LIMITS)).rejects.toThrow('of which');
});

const chunksOf = fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 12 });

test('a search finds exactly what is there, across all borders', () => {
  const needle = Buffer.from([1, 2, 1, 3]);
  const few = fc.array(fc.uint8Array({ maxLength: 6, max: 3 }), { maxLength: 10 });
  fc.assert(
    fc.property(few, (chunks) => {
      const search = new ByteSearch(needle);
      for (const chunk of chunks) search.write(chunk);
      expect(search.found).toBe(Buffer.concat(chunks).includes(needle));
    }),
    { numRuns: 2_000 },
  );
});

test('the windows keep the first and the last bytes', () => {
  fc.assert(
    fc.property(chunksOf, fc.integer({ min: 1, max: 20 }), (chunks, size) => {
      const [head, tail] = [new HeadWindow(size), new TailWindow(size)];
      for (const chunk of chunks) for (const window of [head, tail]) window.write(chunk);
      const all = Buffer.concat(chunks);
      expect(head.bytes).toEqual(all.subarray(0, size));
      expect(tail.bytes).toEqual(all.subarray(Math.max(0, all.length - size)));
    }),
  );
});

test('a text is one in any chunks', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 5 }), (text, size) => {
      const clean = text.replace(/\p{Cc}/gu, '');
      const check = new TextCheck();
      const bytes = Buffer.from(clean.isWellFormed() ? clean : '');
      for (let at = 0; at < bytes.length; at += size) check.write(bytes.subarray(at, at + size));
      expect(check.end()).toBe(true);
    }),
  );
});

test('blocks give the same bytes as the source, and keep four of them', async () => {
  const bytes = Buffer.alloc(6 * 1024 ** 2, Buffer.from('0123456789abc'));
  let reads = 0;
  const source = new BlockSource({
    size: bytes.length,
    stream: () => new BufferSource(bytes).stream(),
    async read(start, end) {
      reads += 1;
      return bytes.subarray(start, end);
    },
  });
  const place = fc.integer({ min: 0, max: bytes.length });
  await fc.assert(
    fc.asyncProperty(place, fc.integer({ min: 0, max: 2_000_000 }), async (start, length) => {
      const end = Math.min(bytes.length, start + length);
      expect(Buffer.compare(await source.read(start, end), bytes.subarray(start, end))).toBe(0);
    }),
    { numRuns: 50 },
  );
  reads = 0;
  for (let turn = 0; turn < 100; turn += 1) await source.read(turn, turn + 30);
  expect(reads).toBeLessThanOrEqual(1);
});
