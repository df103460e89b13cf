import { type JsonFault, JsonMalformedError, JsonRefusedError } from './errors';
import { type JsonBounds, MAX_JSON_FAULTS, readJsonStructure } from './json-structure';
import { characterFault } from './text-characters';

const BYTE_ORDER_MARK = '\ufeff';

/** Looks at every string and name of a value; its recursion is as deep as the bounds of the text allow. */
class CharacterReader {
  readonly #path: (string | number)[] = [];

  constructor(readonly faults: JsonFault[]) {}

  read(value: unknown): void {
    if (typeof value === 'string') this.#check(value);
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index += 1) this.#readMember(index, value[index]);
      return;
    }
    for (const [name, member] of Object.entries(value)) {
      this.#check(name);
      this.#readMember(name, member);
    }
  }

  #readMember(step: string | number, member: unknown): void {
    if (this.faults.length >= MAX_JSON_FAULTS) return;
    this.#path.push(step);
    this.read(member);
    this.#path.pop();
  }

  #check(text: string): void {
    const detail = characterFault(text);
    if (detail && this.faults.length < MAX_JSON_FAULTS) this.faults.push({ path: [...this.#path], detail });
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new JsonMalformedError();
  }
};

/**
 * Parses a JSON text that every reader takes for the same: within its bounds, no name twice in an object (also not by
 * an escape), no name of a prototype, no control character but tab, line feed and carriage return in a string, no
 * half of a surrogate pair, no byte order mark (RFC 7493, and RFC 8259 section 8.1). In time linear in its length.
 *
 * @throws JsonMalformedError for what is not JSON
 * @throws JsonRefusedError naming each place that is refused
 */
export const parseJsonText = (text: string, bounds: JsonBounds): unknown => {
  if (text.startsWith(BYTE_ORDER_MARK)) throw new JsonMalformedError('It must not begin with a byte order mark.');
  const structure = readJsonStructure(text, bounds);
  if (!structure.isWhole) throw new JsonRefusedError(structure.faults.slice(0, MAX_JSON_FAULTS));
  const value = parse(text);
  const faults = [...structure.faults];
  new CharacterReader(faults).read(value);
  if (faults.length > 0) throw new JsonRefusedError(faults);
  return value;
};
