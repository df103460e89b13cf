/** What RFC 8187 allows in a parameter beside what `encodeURIComponent` leaves alone. */
const encodeName = (name: string): string =>
  encodeURIComponent(name).replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

/** Lets a browser save what it is given, under its client's name for it, and never show it as a page of its host. */
export const dispositionOf = (name: string | undefined): string =>
  name?.isWellFormed() ? `attachment; filename*=UTF-8''${encodeName(name)}` : 'attachment';
