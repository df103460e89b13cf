import fc from 'fast-check';
import { sanitizeForDisplay, sanitizeForTerminal, sanitizeJson } from '../../../lib/contract/display-text';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '\u001b[2J',
        '\u202e',
        '\u2066',
        '\ud800',
        '\udc00',
        '\r',
        '\n',
        '\t',
        '\u0000',
        '\u009b31m',
        '<',
        '&amp;',
        '"',
        "'",
        '`',
        '\\u{1b}',
        '\u200f',
        '\u{e0041}',
        'ok',
      ),
    )
    .map((pieces) => pieces.join('')),
);

/** What moves a cursor, breaks a line, turns a text around, cannot be seen, or is half a character. */
const ACTING = /[\p{Cc}\u2028-\u202e\u2060-\u206f\u200b\ufeff\u{e0000}-\u{e007f}\p{Cs}]/u;

describe('sanitizeForTerminal', () => {
  test.each([
    ['\u001b[2J\u001b[1;1HJob done', '\\u{1b}[2J\\u{1b}[1;1HJob done'],
    ['a\nstatus         succeeded', 'a\\nstatus         succeeded'],
    ['abc\rxyz', 'abc\\rxyz'],
    ['a\tb', 'a\\tb'],
    ['\u009b31mred', '\\u{9b}31mred'],
    ['\u0000\u0007\u0008\u007f', '\\u{0}\\u{7}\\u{8}\\u{7f}'],
    ['admin\u202enimda', 'admin\\u{202e}nimda'],
    ['a\u2066b\u2069c', 'a\\u{2066}b\\u{2069}c'],
    ['line\u2028paragraph\u2029', 'line\\u{2028}paragraph\\u{2029}'],
    ['x\u{e0041}\u200by\ufeff', 'x\\u{e0041}\\u{200b}y\\u{feff}'],
    ['\ud83c', '\\u{d83c}'],
  ])('writes out what acts: %j', (given, shown) => {
    expect(sanitizeForTerminal(given)).toBe(shown);
  });

  test.each([
    '<b>R&D "quoted" it\'s `code`</b>',
    '계약서 \u05e9\u05dc\u05d5\u05dd\u200f \u0645\u0631\u062d\u0628\u0627\u061c \u06a9\u062a\u0627\u0628\u200c\u0647\u0627',
    '\u{1f469}\u200d\u{1f4bb} \u2764\ufe0f \u{1f1f0}\u{1f1f7} na\u00efve \u00a0\u00ad',
    '',
  ])('leaves every other text as it is: %j', (given) => {
    expect(sanitizeForTerminal(given)).toBe(given);
  });

  test('leaves nothing that acts, on one line, and changes nothing twice', () => {
    fc.assert(
      fc.property(text, (given) => {
        const shown = sanitizeForTerminal(given);
        expect(shown).not.toMatch(ACTING);
        expect(sanitizeForTerminal(shown)).toBe(shown);
      }),
    );
  });
});

/** What a browser shows of a text between tags or in a quoted attribute. */
const shownByBrowser = (html: string) =>
  html.replace(/&(?:(amp|lt|gt|quot)|#(\d+));/g, (_, name, code) =>
    name ? ({ amp: '&', lt: '<', gt: '>', quot: '"' }[name as string] ?? '') : String.fromCodePoint(Number(code)),
  );

describe('sanitizeForDisplay', () => {
  test.each([
    ['<script>alert("x")</script>', '&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;'],
    ["' onmouseover='alert(1)", '&#39; onmouseover=&#39;alert(1)'],
    ['`x` & &amp;', '&#96;x&#96; &amp; &amp;amp;'],
    ['a\r\nb\n\tc\rd', 'a\nb\n\tc\\rd'],
    ['user\u202e \u2066// admins\u2069', 'user\\u{202e} \\u{2066}// admins\\u{2069}'],
    ['\u0000<\u001b', '\\u{0}&lt;\\u{1b}'],
  ])('encodes %j', (given, shown) => {
    expect(sanitizeForDisplay(given)).toBe(shown);
  });

  test('opens no tag, closes no attribute, and shows the text as it was written', () => {
    fc.assert(
      fc.property(text, (given) => {
        const html = sanitizeForDisplay(given);
        expect(html).not.toMatch(/[<>"'`]/);
        expect(html.replace(/&(?:amp|lt|gt|quot|#39|#96);/g, '')).not.toContain('&');
        expect(html.replace(/[\t\n]/g, '')).not.toMatch(ACTING);
        const lines = given.replaceAll('\r\n', '\n').split(/(?<=[\n\t])|(?=[\n\t])/);
        expect(shownByBrowser(html)).toBe(
          lines.map((part) => (part === '\n' || part === '\t' ? part : sanitizeForTerminal(part))).join(''),
        );
      }),
    );
  });
});

describe('sanitizeJson', () => {
  test('means the same, and holds nothing that acts', () => {
    fc.assert(
      fc.property(fc.array(text), fc.dictionary(text, text), (list, dictionary) => {
        const value = { list, dictionary };
        const json = sanitizeJson(JSON.stringify(value));
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(json).not.toMatch(ACTING);
      }),
    );
  });
});
