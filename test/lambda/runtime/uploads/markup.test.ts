import { resolveReferences } from '../../../../lambda/runtime/uploads/inspection/markup/raw-markup';
import { MAX_PARSED_BYTES } from '../../../../lambda/runtime/uploads/inspection/text-content';
import { svg } from './corpus';
import { refusalsOf } from './inspecting';

const ofSvg = (content: string) => refusalsOf('image/svg+xml', content);
const inSvg = (inside: string, attributes?: string) => ofSvg(svg(inside, attributes));
const ofHtml = (content: string) => refusalsOf('text/html', content);

describe('an SVG that', () => {
  test.each([
    [
      'has gradients, text and its own styles',
      '<defs><linearGradient id="a"/></defs><style>.b{fill:url(#a)}</style><text class="b">on = off</text>',
    ],
    ['uses its own parts', '<g id="a"/><use xlink:href="#a"/><use href="#a"/>'],
    ['holds an image', '<image href="data:image/png;base64,iVBORw0KGgo="/>'],
    ['is animated', '<animate attributeName="opacity" from="0" to="1" dur="1s"/>'],
    ['is described', '<title>A &lt;circle&gt;</title><desc>two</desc><metadata/>'],
    ['has a comment and a section of characters', '<!-- a --><style><![CDATA[.a{fill:red}]]></style>'],
  ])('%s is clean', async (_, inside) => {
    expect(await inSvg(inside)).toEqual([]);
  });

  test.each([
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n',
    '\ufeff<?xml version="1.0"?>',
    '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n',
  ])('begins with %j is clean', async (prolog) => {
    expect(await ofSvg(prolog + svg())).toEqual([]);
  });

  test.each([
    '<script>alert(1)</script>',
    '<script xlink:href="#a"/>',
    '<x:script xmlns:x="http://www.w3.org/2000/svg">alert(1)</x:script>',
    '<g onload="alert(1)"/>',
    '<g\nonload\n=\n"alert(1)"/>',
    '<g ONLOAD="alert(1)"/>',
    '<g x:onload="alert(1)" xmlns:x="urn:x"/>',
    '<a href="javascript:alert(1)">a</a>',
    '<a xlink:href="java&#x73;cript:alert(1)">a</a>',
    '<a href="java&#10;script:alert(1)">a</a>',
    '<a href="&#0000106;avascript:alert(1)">a</a>',
    '<set attributeName="href" to="#a"/>',
    '<animate attributeName="xlink:href" values="#a"/>',
    '<animate attributeName="onclick" to="alert(1)"/>',
    '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">a</p></foreignObject>',
    '<p xmlns="http://www.w3.org/1999/xhtml">a</p>',
    '<image href="data:image/svg+xml,x"/>',
    '<a href="data:text/html,x">a</a>',
    '<handler>alert(1)</handler>',
    '<desc><![CDATA[</desc><script>alert(1)</script>]]></desc>',
    '<!-- <script>alert(1)</script> -->',
  ])('would run something is refused: %s', async (inside) => {
    expect(await inSvg(inside)).toEqual(['active-content']);
  });

  test('names a stylesheet by an instruction is refused', async () => {
    expect(await ofSvg(`<?xml-stylesheet href="#a"?>${svg()}`)).toEqual(['active-content']);
  });

  test.each([
    '<image href="https://example.com/a.png"/>',
    '<image xlink:href="//example.com/a.png"/>',
    '<image href="a.png"/>',
    '<use href="other.svg#a"/>',
    '<a href="https://example.com/">a</a>',
    '<g style="fill:url(https://example.com/a)"/>',
    '<g fill="url(other.svg#a)"/>',
    '<style>@import "https://example.com/a.css";</style>',
    '<style>.a{background:url(//example.com/a)}</style>',
    '<style>.a{background:u\\72l(//example.com/a)}</style>',
    '<style>@\\69mport "//example.com/a";</style>',
    '<style>.a{background:image-set("https://example.com/a" 1x)}</style>',
    '<g xml:base="https://example.com/"><use href="#a"/></g>',
  ])('would load something is refused: %s', async (inside) => {
    expect(await inSvg(inside)).toEqual(['external-reference']);
  });

  test.each([
    '<!DOCTYPE svg [<!ENTITY a "b">]>',
    '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE svg SYSTEM "https://example.com/a.dtd">',
    '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "https://example.com/a.dtd">',
    '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/a.dtd" [<!ENTITY a "b">]>',
    '<!DOCTYPE html>',
  ])('declares entities, or reads its type elsewhere, is refused: %s', async (prolog) => {
    expect(await ofSvg(prolog + svg())).toEqual(['entities']);
  });

  test('is nested more than 256 deep is refused, and one level less is clean', async () => {
    const nested = (levels: number) => inSvg('<g>'.repeat(levels) + '</g>'.repeat(levels));
    expect(await nested(255)).toEqual([]);
    expect(await nested(256)).toEqual(['too-complex']);
    expect(await nested(100_000)).toEqual(['too-complex']);
  });

  test('says that it is written in another alphabet is refused', async () => {
    expect(await ofSvg(`<?xml version="1.0" encoding="UTF-7"?>${svg()}`)).toEqual(['not-text']);
  });
});

test('a billion laughs are refused at the first', async () => {
  const entities = Array.from({ length: 9 }, (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`);
  const bomb = `<!DOCTYPE lolz [<!ENTITY l0 "lol">${entities.join('')}]><lolz>&l9;</lolz>`;
  expect(await refusalsOf('application/xml', bomb)).toEqual(['entities']);
  expect(await ofSvg(bomb)).toEqual(['entities']);
});

describe('an XML document that', () => {
  test.each([
    '<html xmlns="http://www.w3.org/1999/xhtml"/>',
    '<a><x:script xmlns:x="http://www.w3.org/1999/xhtml"/></a>',
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
    '<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform" version="1.0"/>',
    '<?xml-stylesheet type="text/xsl" href="a.xsl"?><a/>',
  ])('a browser would run is refused: %s', async (content) => {
    expect(await refusalsOf('application/xml', content)).toEqual(['active-content']);
  });

  test('speaks of scripts is clean', async () => {
    expect(await refusalsOf('application/xml', '<theatre><script language="de">Faust</script></theatre>')).toEqual([]);
  });
});

describe('a page that', () => {
  test.each([
    '<!doctype html><meta charset="utf-8"><title>A</title><h1>A</h1><a href="https://example.com/">there</a>',
    '<style>p{color:red}</style><p style="margin:0">Sold on = no day. Their data: none.</p>',
    '<table><tr><td>once = 3</td></tr></table><img alt="a" src="a.png">',
  ])('only shows something is clean: %s', async (content) => {
    expect(await ofHtml(content)).toEqual([]);
  });

  test.each([
    '<script>alert(1)</script>',
    '<SCRIPT/src=a>',
    '<style><!-- </style><script>alert(1)</script> -->',
    '<textarea></textarea><script>',
    '<img src=x onerror=alert(1)>',
    '<img/onerror=alert(1) src=x>',
    '<img src="x"onerror="alert(1)">',
    "<img src='x'onerror=alert(1)>",
    '<svg><animate onbegin=alert(1)>',
    '<a href="javascript:alert(1)">',
    '<a href=" \tjava\nscript&colon;alert(1)">',
    '<a href="&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;alert(1)">',
    '<a href="javascript&#58alert(1)">',
    '<iframe srcdoc="&lt;script&gt;alert(1)&lt;/script&gt;">',
    '<object data=x>',
    '<embed src=x>',
    '<base href=//example.com>',
    '<meta http-equiv=refresh content="0;url=x">',
    '<form action=x>',
    '<link rel=stylesheet href=x>',
    '<math><mtext><script>',
  ])('would run something is refused: %s', async (content) => {
    expect(await ofHtml(content)).toEqual(['active-content']);
  });

  test.each([
    '<img src="https://example.com/a.png">',
    '<img srcset="//example.com/a.png 2x">',
    '<video poster=https://example.com/a></video>',
    '<p style="background:url(https://example.com/a)">',
    '<style>@import url(x);</style>',
    '<img src="https&colon;&sol;&sol;example.com/a.png">',
  ])('would load something is refused: %s', async (content) => {
    expect(await ofHtml(content)).toEqual(['external-reference']);
  });
});

test.each([
  ['&#106;&#x6a;&#X6A;', 'jjj'],
  ['&#x6Aavascript', '\u{6aa}vascript'],
  ['&colon;&Tab;&NewLine;&amp;lt;', ':\t\n&lt;'],
  ['&#0;&#x110000;&#99999999;', '\0&#x110000;&#99999999;'],
  ['&nbsp; & &;', '&nbsp; & &;'],
])('the references in %s are read as browsers read them', (text, expected) => {
  expect(resolveReferences(text)).toBe(expected);
});

test('a text is parsed up to 16 MiB', async () => {
  const json = (bytes: number) => refusalsOf('application/json', `"${'x'.repeat(bytes - 2)}"`);
  expect(await json(MAX_PARSED_BYTES)).toEqual([]);
  expect(await json(MAX_PARSED_BYTES + 1)).toEqual(['too-complex']);
});

describe('what is written to keep a rule busy is judged all the same', () => {
  const many = (text: string) => text.repeat(Math.ceil(2_000_000 / text.length));

  test.each<[string, string]>([
    ['spaces where an address would be', `<img src=${many(' ')}>`],
    ['letters where an address would be', `<img src=${many('a')}>`],
    ['many attributes without values', `<p ${many(' src src=')}>`],
    ['spaces in a style', `<p style="a:url(${many(' ')})">`],
    ['letters of a handler', `<p title="${many(' onon')}">`],
    ['half of a reference', many('&#1')],
    ['openings of tags', many('<')],
  ])('%s', async (_, content) => {
    expect(await ofHtml(content)).toEqual([]);
  });

  test.each<[string, string]>([
    ['colons in the name of an animated attribute', `<set attributeName="${many(':on ')}:x"/>`],
    ['spaces in an address', `<use href="#a${many(' ')}"/>`],
    ['spaces in a fill', `<g fill="url(${many(' ')}#a)"/>`],
    ['many attributes', `<g ${Array.from({ length: 20_000 }, (_, number) => `a${number}="b"`).join(' ')}/>`],
  ])('%s', async (_, inside) => {
    expect(await inSvg(inside)).toEqual([]);
  });
});
