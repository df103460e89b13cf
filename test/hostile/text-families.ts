import { deflateRawSync, gzipSync } from 'node:zlib';
import type { Random } from '../../lambda/runtime/clock/clock';
import { DEFAULT_MAX_BODY_BYTES } from '../../lib/contract/limits';
import { ATTACKS } from '../lambda/runtime/input/attacks';
import {
  accepted,
  type HostileBody,
  type HostileFamily,
  integer,
  oneOf,
  refused,
  validSubmission,
  withText,
} from './hostile-body';

const CONTROLS = Array.from({ length: 0xa0 }, (_, code) => code)
  .filter((code) => (code < 0x20 && ![0x09, 0x0a, 0x0d].includes(code)) || code >= 0x7f)
  .map((code) => String.fromCharCode(code));

const around = (random: Random, text: string): string => oneOf(random, [text, `a${text}`, `${text}b`, `a${text}b`]);

/** The bytes of a valid submission with others in the middle of its text. */
const withBytes = (random: Random, bytes: readonly number[]): Uint8Array => {
  const [before = '', after = ''] = JSON.stringify(withText(random, 'a#b', ['content', 'system'])).split('#');
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
};

const NOT_UTF8: readonly (readonly number[])[] = [
  [0x80],
  [0xff, 0xfe],
  [0xc0, 0xaf],
  [0xe0, 0x80, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xf0, 0x80, 0x80, 0xaf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xc3],
  [0xe2, 0x82],
];

const MEDIA_TYPES = [
  'text/plain',
  'text/html',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
  'application/jsonp',
  'application/json; charset=utf-16',
  'application/json; charset=iso-8859-1',
  'application/json, text/html',
  'json',
];

/** A body padded to a size, in bytes, by one long text or by white space. */
const sized = (random: Random, bytes: number): string => {
  const valid = validSubmission(random);
  const text = JSON.stringify(valid);
  if (random() < 0.5) return text + ' '.repeat(bytes - Buffer.byteLength(text));
  const frame = JSON.stringify({
    ...valid,
    messages: [
      { role: 'user', content: '' },
      { role: 'user', content: '' },
    ],
  });
  const left = bytes - Buffer.byteLength(frame);
  const halves = [Math.ceil(left / 2), Math.floor(left / 2)].map((length) => ({
    role: 'user',
    content: 'x'.repeat(length),
  }));
  return JSON.stringify({ ...valid, messages: halves });
};

/** A few bytes of a valid body changed, dropped, doubled or put in: what comes of it, chance decides. */
function mutated(random: Random): HostileBody {
  const bytes = [...Buffer.from(JSON.stringify(validSubmission(random)))];
  for (let change = integer(random, 1, 4); change > 0; change -= 1) {
    const at = integer(random, 0, bytes.length - 1);
    const byte = random() < 0.5 ? integer(random, 0, 255) : oneOf(random, [...Buffer.from('{}[]",:\\/e-0 \t')]);
    const [drop, put] = oneOf<[number, number[]]>(random, [
      [1, [byte]],
      [1, []],
      [0, [byte]],
      [0, bytes.slice(at, at + 20)],
    ]);
    bytes.splice(at, drop, ...put);
  }
  return { body: Uint8Array.from(bytes) };
}

/** Bodies whose text, bytes, size or frame is wrong, and prompts that look wrong and are not. */
export const TEXT_FAMILIES: Readonly<Record<string, HostileFamily>> = {
  'control character': (random) =>
    refused(withText(random, around(random, oneOf(random, CONTROLS)), ['content', 'system', 'stop', 'model'])),
  'half a pair': (random) =>
    refused(
      JSON.stringify(withText(random, '#')).replace(
        '#',
        oneOf(random, ['\\ud800', '\\udfff', '\\udc00\\ud800', 'a\\ud83cb']),
      ),
    ),
  'identifier that deceives': (random) =>
    refused(
      withText(random, oneOf(random, ['\u202e', '\u2066', '\u200b', '\ufeff', '\u0430', ' ', '\n', '<b>']), ['model']),
    ),
  'not UTF-8': (random) => refused(withBytes(random, oneOf(random, NOT_UTF8))),
  'another encoding': (random) => {
    const text = JSON.stringify(validSubmission(random));
    return oneOf<() => HostileBody>(random, [
      () => refused(Buffer.from(text, 'utf16le')),
      () => refused(Buffer.from(`\ufeff${text}`)),
      () => refused(Buffer.from(text).toString('base64')),
      () => refused(encodeURIComponent(text)),
      () => refused(gzipSync(text), { 'content-encoding': 'gzip' }),
      () => refused(gzipSync(text)),
      () => refused(deflateRawSync(text), { 'content-encoding': 'deflate' }),
      () => refused(text, { 'content-encoding': 'br' }),
    ])();
  },
  'another media type': (random) =>
    refused(JSON.stringify(validSubmission(random)), { 'content-type': oneOf(random, MEDIA_TYPES) }),
  'bad idempotency key': (random) =>
    refused(validSubmission(random), {
      'idempotency-key': oneOf(random, ['k'.repeat(256), 'a b', 'k\u00e4', `${'k'.repeat(300)}`, 'a\tb']),
    }),
  'too large': (random) =>
    refused(sized(random, DEFAULT_MAX_BODY_BYTES + oneOf(random, [1, 2, 1_000, 100_000, 800_000]))),
  'too long a text': (random) => refused(withText(random, 'x'.repeat(200_001), ['content', 'system'])),
  'nearly too large': (random) => ({
    body: sized(random, DEFAULT_MAX_BODY_BYTES - integer(random, 0, 64)),
    isRefused: false,
  }),
  'suspicious prompt': (random) =>
    accepted(withText(random, oneOf(random, Object.values(ATTACKS).flat()), ['content', 'system'])),
  mutated,
};
