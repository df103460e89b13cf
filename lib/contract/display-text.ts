/**
 * What a terminal, a browser or a log viewer acts on instead of showing it: controls, breaks of a line, embeddings and
 * overrides of direction, what is invisible, halves of a surrogate pair. Joiners and marks of direction (U+200C to
 * U+200F, U+061C) are left: emoji, Persian, Hebrew and Arabic need them, and they move nothing far.
 */
const ACTING =
  /[\p{Cc}\p{Cs}\u200b\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e007f}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

const escaped = (character: string): string =>
  SHORT[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/**
 * Makes somebody else's text safe to show on one line of a terminal or a log: what would move the cursor, break the line
 * or show the text in another order is written out, such as `\u{202e}`. All other text stays as it is.
 */
export const sanitizeForTerminal = (text: string): string => text.replace(ACTING, escaped);

/**
 * Makes somebody else's text safe to put between the tags of an HTML document or into a quoted attribute, with its tabs
 * and line feeds; else like `sanitizeForTerminal`. It is shown as it was written: code stays code. Not for a script, a
 * style, a URL or an attribute without quotes. Encode once, where it is shown: what is stored stays the client's text.
 */
export const sanitizeForDisplay = (text: string): string =>
  text
    .replaceAll('\r\n', '\n')
    .replace(ACTING, (character) => (character === '\n' || character === '\t' ? character : escaped(character)))
    .replace(/[&<>"'`]/g, (character) => HTML[character] ?? character);

/** Writes out in a JSON text what a terminal would act on; what the text stands for stays the same. */
export const sanitizeJson = (json: string): string =>
  json.replace(ACTING, (character) =>
    [...Array(character.length).keys()]
      .map((unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`)
      .join(''),
  );
