/** Texts, and what opens and closes objects and lists; the rest of JSON cannot be mistaken for one of these. */
const PIECES = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;

/**
 * Names that an object of a JSON text has twice, of which `JSON.parse` silently drops the first.
 *
 * @param json a text that `JSON.parse` takes
 */
export function duplicateNames(json: string): string[] {
  const open: Set<string>[] = [];
  const found: string[] = [];
  for (const [piece, colon] of json.matchAll(PIECES)) {
    if (piece === '{' || piece === '[') open.push(new Set());
    else if (piece === '}' || piece === ']') open.pop();
    else if (colon !== undefined) {
      const name: string = JSON.parse(piece.slice(0, -colon.length));
      const names = open.at(-1);
      if (names?.has(name)) found.push(name);
      names?.add(name);
    }
  }
  return found;
}
