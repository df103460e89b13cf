/** A place in a JSON document: names of properties and positions in arrays, from the outside in. */
export type JsonPath = readonly (string | number)[];

/** One thing that is wrong with a JSON document. */
export interface JsonFault {
  /** Where; may hold names that the client chose. */
  readonly path: JsonPath;
  /** The rule that is broken, such as `must not have a property twice`; no text of the document. */
  readonly detail: string;
}

/** Thrown for a text that is not JSON; it has no cause, as the parser's own message quotes the text. */
export class JsonMalformedError extends Error {
  override readonly name = 'JsonMalformedError';

  constructor(
    /** One sentence. @default - there is no more to say */
    readonly detail?: string,
  ) {
    super(detail ?? 'The text is not JSON.');
  }
}

/** Thrown for a text that is JSON and still refused: what one reader takes it for, another may not. */
export class JsonRefusedError extends Error {
  override readonly name = 'JsonRefusedError';

  constructor(
    /** At most `MAX_JSON_FAULTS`, in the order of the document. */
    readonly faults: readonly JsonFault[],
  ) {
    super(faults.map(({ detail }) => detail).join('; '));
  }
}
