import { UploadRefusal, type UploadRefusalValue } from '../../../../../lib/contract/uploads';

/**
 * Rules over the text itself, for what browsers parse more leniently than any parser here would: a tag begins with `<` and
 * its name wherever it is, in a comment or an attribute as well, so that nothing that a browser would run can be hidden
 * from them. They refuse too much rather than too little.
 */
const ACTIVE = [
  /<\/?(script|iframe|frame|frameset|object|embed|applet|base|link|form|portal|foreignobject|handler|listener)\b/i,
  /http-equiv/i,
  // An event handler, after whatever may stand in front of an attribute.
  /[\s"'/]on[a-z]+\s*=/i,
];
const ACTIVE_ADDRESS = /(javascript|vbscript|livescript|mocha):|data:(text|application|image\/svg)/i;

const EXTERNAL = [
  /[\s"'/](src|srcset|poster|background|data|manifest|ping|action|formaction|xlink:href)\s*=\s*(?:["']\s*)?([a-z]+:)?\/\//i,
  /url\(\s*(?:["']\s*)?([a-z]+:)?\/\//i,
  /(image-set|src)\(\s*["'][^"')]*\/\//i,
  /@import/i,
  // A style sheet may spell any letter of these by its number.
  /\\0{0,4}(40|49|4c|4d|4f|50|52|54|55|69|6c|6d|6f|70|72|74|75)/i,
];

/** Named references by which an address can be spelt; no other name stands for a character that one needs. */
const NAMED: Readonly<Record<string, string>> = {
  tab: '\t',
  newline: '\n',
  colon: ':',
  sol: '/',
  lpar: '(',
  rpar: ')',
  equals: '=',
  quot: '"',
  apos: "'",
  lt: '<',
  gt: '>',
  amp: '&',
  commat: '@',
  bsol: '\\',
};

const MAX_CODE_POINT = 0x10_ffff;

const characterOf = (reference: string, decimal?: string, hexadecimal?: string, named?: string): string => {
  if (named !== undefined) return NAMED[named.toLowerCase()] ?? reference;
  const code = Number.parseInt(decimal ?? hexadecimal ?? '', decimal === undefined ? 16 : 10);
  return code <= MAX_CODE_POINT ? String.fromCodePoint(code) : reference;
};

/** The text with its character references resolved, as a browser reads the value of an attribute. */
export const resolveReferences = (text: string): string =>
  text.replace(/&(?:#(\d{1,8})|#x([0-9a-f]{1,7})|([a-z]{2,8}));?/gi, characterOf);

/** An address without what browsers leave out of one. */
const addressesIn = (text: string): string => text.replace(/[\t\n\r\f]/g, '');

/** What a text has that would run, or load something from elsewhere, in a browser. */
export const judgeRawMarkup = (text: string): UploadRefusalValue[] => {
  const resolved = resolveReferences(text);
  const isActive =
    [text, resolved].some((variant) => ACTIVE.some((rule) => rule.test(variant))) ||
    ACTIVE_ADDRESS.test(addressesIn(resolved));
  const isExternal = EXTERNAL.some((rule) => rule.test(resolved));
  return [
    ...(isActive ? [UploadRefusal.ACTIVE_CONTENT] : []),
    ...(isExternal ? [UploadRefusal.EXTERNAL_REFERENCE] : []),
  ];
};
