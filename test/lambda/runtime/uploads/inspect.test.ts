import { createHash } from 'node:crypto';
import { inspect } from '../../../../lambda/runtime/uploads/inspection/inspect';
import { BufferSource } from '../../../../lambda/runtime/uploads/inspection/object-source';
import { testString } from '../../../../lambda/runtime/uploads/inspection/test-string';
import { DEFAULT_ARCHIVE_LIMITS, type UploadContentType } from '../../../../lib/contract/uploads';
import { gif, gzip, jpeg, pdf, png, svg, webp, zip } from './corpus';
import { refusalsOf } from './inspecting';

const GOOD: [UploadContentType, string, Buffer | string][] = [
  ['image/png', 'an image', png('a comment')],
  ['image/jpeg', 'an image', jpeg()],
  ['image/gif', 'an image', gif()],
  ['image/webp', 'an image', webp()],
  ['application/pdf', 'a document', pdf()],
  ['text/plain', 'German', 'Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.\r\n'],
  ['text/plain', 'Korean with a byte order mark', '\ufeff다람쥐 헌 쳇바퀴에 타고파\t\f'],
  ['text/plain', 'a text about pages', 'In HTML one writes <script> and so on.'],
  ['text/csv', 'a table', 'name,price\n"Bolt, long",-3.5\n'],
  ['application/json', 'an object', '{"a":[1,2,{"b":null}]}'],
  [
    'application/zip',
    'two files in a folder',
    zip([
      { name: 'a/', data: '', stored: true },
      { name: 'a/b.txt', data: 'hello' },
    ]),
  ],
  ['application/zip', 'no files', zip([])],
  ['application/gzip', 'a text', gzip('hello')],
  ['image/svg+xml', 'a circle', svg()],
  [
    'text/html',
    'a page without scripts',
    '<!doctype html><html><head><title>Hi</title></head><body><p>Hi</p></body></html>',
  ],
  [
    'application/xml',
    'a document',
    '<?xml version="1.0" encoding="UTF-8"?><order id="1"><line>2 &amp; 3</line></order>',
  ],
];

test.each(GOOD)('%s: %s is clean', async (contentType, _, content) => {
  expect(await refusalsOf(contentType, content)).toEqual([]);
});

test('the checksum is that of all bytes, of what is refused as well', async () => {
  const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  const look = (contentType: UploadContentType, bytes: Buffer) =>
    inspect(new BufferSource(bytes), { contentType, sizeBytes: bytes.length }, DEFAULT_ARCHIVE_LIMITS);

  expect(await look('image/png', png())).toEqual({ sha256: sha256Of(png()), refusals: [] });
  expect(await look('image/png', jpeg())).toEqual({ sha256: sha256Of(jpeg()), refusals: ['type-mismatch'] });
});

describe('what is not what it is declared as', () => {
  const declared = (contentType: UploadContentType, bytes: Buffer, sizeBytes: number) =>
    inspect(new BufferSource(bytes), { contentType, sizeBytes }, DEFAULT_ARCHIVE_LIMITS);

  test('nothing at all', async () => {
    expect(await declared('text/plain', Buffer.alloc(0), 1)).toEqual({ refusals: ['empty'] });
  });

  test.each([-1, 1])('%i byte more than was declared', async (more) => {
    expect(await declared('image/png', png(), png().length - more)).toEqual({ refusals: ['size-mismatch'] });
  });

  /** Every binary content declared as every other type. */
  const binaries = GOOD.filter(([type]) => /^image\/(png|jpeg|gif|webp)|pdf|zip/.test(type));
  const wrong = GOOD.flatMap(([contentType]) =>
    binaries.filter(([type]) => type !== contentType).map(([type, , content]) => [type, contentType, content] as const),
  );

  test.each(wrong)('%s declared as %s', async (_, contentType, content) => {
    const refusals = await refusalsOf(contentType, content);
    // A document without images is a text as well.
    expect(refusals).toContain(
      Buffer.from(content).includes('%PDF') && refusals.length === 1 ? 'polyglot' : 'type-mismatch',
    );
  });

  test.each<[string, UploadContentType, string | Buffer]>([
    ['a page as text', 'text/plain', '  \n<!DOCTYPE html><p>'],
    ['a page as a table', 'text/csv', '\ufeff<script>alert(1)</script>'],
    ['an image of text as JSON', 'application/json', svg()],
    ['a program as an image', 'image/png', Buffer.from('MZ\x90\x00\x03', 'latin1')],
    ['a text as an image', 'image/png', 'hello'],
    ['a document of another kind as SVG', 'image/svg+xml', '<html xmlns="urn:x"/>'],
  ])('%s', async (_, contentType, content) => {
    expect(await refusalsOf(contentType, content)).toEqual(['type-mismatch']);
  });

  test.each<[string, UploadContentType, string | Buffer]>([
    ['bytes that are no UTF-8', 'text/plain', Buffer.from([0x68, 0xe4, 0x20])],
    ['half a character at the end', 'text/csv', Buffer.from('über').subarray(0, 1)],
    ['an overlong form', 'text/plain', Buffer.from([0xc0, 0xaf])],
    ['a null', 'text/plain', 'a\0b'],
    ['an escape, which can change the alphabet', 'text/html', '<p>\x1b(J</p>'],
    ['UTF-16', 'application/json', Buffer.from('{}', 'utf16le')],
  ])('%s', async (_, contentType, content) => {
    expect(await refusalsOf(contentType, content)).toEqual(['not-text']);
  });

  test.each<[UploadContentType, string]>([
    ['application/json', '{"a":1,}'],
    ['application/json', '{}{}'],
    ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"><g></svg>'],
    ['application/xml', '<a>'],
    ['application/xml', 'no element'],
    ['application/xml', '<a>&unknown;</a>'],
  ])('%s that does not follow its grammar: %s', async (contentType, content) => {
    expect(await refusalsOf(contentType, content)).toEqual(['malformed']);
  });
});

describe('what is two things at once', () => {
  const archive = zip([{ name: 'a.txt', data: 'hidden' }]);

  test.each<[string, UploadContentType, Buffer]>([
    ['an image with an archive behind it', 'image/jpeg', Buffer.concat([jpeg(), archive])],
    [
      'an image with an archive and a few bytes behind it',
      'image/gif',
      Buffer.concat([gif(), archive, Buffer.from([0x3b])]),
    ],
    ['a document with an archive behind it', 'application/pdf', Buffer.concat([pdf(), archive])],
    ['a text with an archive behind it', 'text/plain', Buffer.concat([Buffer.from('hello'), archive])],
    ['an image that says it is a page', 'image/png', png('<script>alert(1)</script>')],
    ['an image that says it is a document', 'image/png', png('%PDF-1.4')],
    ['a text that says it is a document', 'text/plain', Buffer.from('hello\n%PDF-1.4\n')],
    ['an image with bytes behind its end', 'image/png', Buffer.concat([png(), Buffer.from('more')])],
    ['an image that is shorter than its file', 'image/webp', Buffer.concat([webp(), Buffer.from('more and more')])],
  ])('%s', async (_, contentType, content) => {
    expect(await refusalsOf(contentType, content)).toContain('polyglot');
  });

  test('the end of an archive by chance is none', async () => {
    const chance = Buffer.concat([
      jpeg().subarray(0, -2),
      Buffer.from('PK\x05\x06'),
      Buffer.alloc(30, 0xaa),
      Buffer.from([0xff, 0xd9]),
    ]);
    expect(await refusalsOf('image/jpeg', chance)).toEqual([]);
  });
});

test.each<[UploadContentType, Buffer]>([
  ['image/png', png().subarray(0, -5)],
  ['image/jpeg', jpeg().subarray(0, -2)],
  ['image/gif', gif().subarray(0, -1)],
  ['image/webp', webp().subarray(0, -3)],
  ['application/pdf', pdf().subarray(0, -8)],
])('%s without its end is truncated', async (contentType, content) => {
  expect(await refusalsOf(contentType, content)).toEqual(['truncated']);
});

describe('the test string of the scanners', () => {
  test('is the one that they know, which no file here may hold', () => {
    expect(createHash('sha256').update(testString()).digest('hex')).toBe(
      '275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f',
    );
  });

  test.each<[string, UploadContentType, Buffer]>([
    ['alone', 'text/plain', testString()],
    ['within a text', 'text/csv', Buffer.concat([Buffer.from('a,b\n'), testString(), Buffer.from('\n')])],
    ['within an image', 'image/png', png(testString().toString('latin1'))],
    [
      'within an archive',
      'application/zip',
      zip([
        { name: 'a', data: 'hello' },
        { name: 'b', data: testString() },
      ]),
    ],
    [
      'within an archive in an archive',
      'application/zip',
      zip([{ name: 'a.zip', data: zip([{ name: 'b', data: testString() }]) }]),
    ],
    ['within a zipped text', 'application/gzip', gzip(testString())],
  ])('%s is refused as malware', async (_, contentType, content) => {
    expect(await refusalsOf(contentType, content)).toContain('malware-signature');
  });
});
