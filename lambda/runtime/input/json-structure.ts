import type { JsonFault, JsonPath } from './errors';

/** Most faults of one document that are told; more would only be work for whoever sent them. */
export const MAX_JSON_FAULTS = 20;

/** Bounds of a JSON document. */
export interface JsonBounds {
  /** Objects and arrays that may lie within each other. */
  readonly maxDepth: number;
  /** Properties that one object may have. */
  readonly maxProperties: number;
  /** Items that one array may have. */
  readonly maxItems: number;
}

/** What the structure of a JSON text is found to be, without a value of it being made. */
export interface JsonStructure {
  readonly faults: readonly JsonFault[];
  /** Whether it was read to its end: a text beyond its bounds, or with too many faults, is not worth more work. */
  readonly isWhole: boolean;
}

/** Names by which a careless copy of an object changes the prototype of others. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** An object or array that is open at a place of the text. */
interface Container {
  /** The names so far, of an object. */
  readonly names?: Set<string>;
  /** The property or position that the place is in. */
  at: string | number;
  /** Whether a string would be a property's name. */
  expectsName: boolean;
}

/** Position of the quote that ends the string whose first character is at `from`; the text's end where none does. */
const endOfString = (text: string, from: number): number => {
  for (let end = text.indexOf('"', from); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
};

const unescaped = (raw: string): string => {
  if (!raw.includes('\\')) return raw;
  try {
    return JSON.parse(`"${raw}"`);
  } catch {
    return raw;
  }
};

/** Reads a text that need not be JSON, once, from its start to its end. */
class StructureReader {
  readonly faults: JsonFault[] = [];
  readonly #open: Container[] = [];
  #isBeyondBounds = false;

  constructor(
    readonly text: string,
    readonly bounds: JsonBounds,
  ) {}

  /** Answers whether it came to the end. */
  read(): boolean {
    const { text } = this;
    for (let place = 0; place < text.length; place += 1) {
      if (this.#isBeyondBounds || this.faults.length >= MAX_JSON_FAULTS) return false;
      switch (text.charCodeAt(place)) {
        case QUOTE: {
          const end = endOfString(text, place + 1);
          this.#readString(place + 1, end);
          place = end;
          break;
        }
        case OPEN_BRACE:
        case OPEN_BRACKET:
          this.#enter(text.charCodeAt(place) === OPEN_BRACE);
          break;
        case CLOSE_BRACE:
        case CLOSE_BRACKET:
          this.#open.pop();
          break;
        case COMMA:
          this.#next();
          break;
      }
    }
    return !this.#isBeyondBounds;
  }

  #enter(isObject: boolean): void {
    const { maxDepth } = this.bounds;
    if (this.#open.length < maxDepth) {
      this.#open.push(isObject ? { names: new Set(), at: '', expectsName: true } : { at: 0, expectsName: false });
      return;
    }
    this.#isBeyondBounds = true;
    this.faults.push({ path: [], detail: `must be nested no deeper than ${maxDepth}` });
  }

  #next(): void {
    const container = this.#open.at(-1);
    if (typeof container?.at !== 'number') {
      if (container) container.expectsName = true;
      return;
    }
    container.at += 1;
    if (container.at >= this.bounds.maxItems) this.#end(`must have at most ${this.bounds.maxItems} items`);
  }

  #readString(from: number, end: number): void {
    const container = this.#open.at(-1);
    if (!container?.names || !container.expectsName) return;
    const name = unescaped(this.text.slice(from, end));
    container.expectsName = false;
    container.at = name;
    if (FORBIDDEN_NAMES.has(name)) this.#fault('must have no property that names a prototype');
    if (container.names.has(name)) this.#fault('must not have a property twice');
    container.names.add(name);
    const { maxProperties } = this.bounds;
    if (container.names.size > maxProperties) this.#end(`must have at most ${maxProperties} properties`);
  }

  /** Notes that the innermost object or array is beyond a bound: what comes after it is not looked at. */
  #end(detail: string): void {
    this.#isBeyondBounds = true;
    this.#fault(detail);
  }

  /** Notes a fault of the innermost object or array. */
  #fault(detail: string): void {
    const path: JsonPath = this.#open.slice(0, -1).map(({ at }) => at);
    this.faults.push({ path, detail });
  }
}

/**
 * Looks at the nesting and the property names of a JSON text before a parser does: in one pass, without recursion, in
 * time linear in its length, and no further than its bounds. A text that is not JSON is read as far as it goes: to say
 * so is the parser's.
 */
export const readJsonStructure = (text: string, bounds: JsonBounds): JsonStructure => {
  const reader = new StructureReader(text, bounds);
  const isWhole = reader.read();
  return { isWhole, faults: reader.faults };
};
