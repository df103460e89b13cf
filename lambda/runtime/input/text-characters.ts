/** Control characters that are no text: all of C0 but tab, line feed and carriage return, DEL, and C1. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/;

/** The rule that the characters of a text break; undefined where they are all fit for a text. */
export const characterFault = (text: string): string | undefined => {
  if (CONTROL.test(text)) return 'must have no control characters but tab, line feed and carriage return';
  return text.isWellFormed() ? undefined : 'must have no half of a surrogate pair';
};
