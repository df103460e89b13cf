/** Longest part of a wrong value that is shown. */
const SHOWN_CHARACTERS = 60;

/** Thrown where a price book is read that cannot be relied on; the message names everything that is wrong at once. */
export class PriceBookError extends Error {
  public override readonly name = 'PriceBookError';

  constructor(
    /** One sentence a fault: where it is in backticks, the rule, what was found. */
    public readonly faults: readonly string[],
  ) {
    super(`the price book has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}: ${faults.join('; ')}`);
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads the values of a document and notes what is wrong with them, so that one run shows all of it. */
export class DocumentReader {
  private readonly faults: string[] = [];
  /** Paths of what is no object: its fields are missed no further. */
  private readonly broken: string[] = [];

  /** Notes a fault. @param path where it is, such as `models.m[0].validFrom`; empty for the document itself */
  public note(path: string, rule: string, got: unknown): void {
    if (this.broken.some((whole) => whole === '' || path === whole || path.startsWith(`${whole}.`))) return;
    this.faults.push(`\`${path || 'document'}\` ${rule}, got: ${shown(got)}`);
  }

  /** An object with no other fields than these; of anything else, one without any. */
  public object(path: string, value: unknown, fields: readonly string[]): Fields {
    const object = this.map(path, value);
    for (const name of Object.keys(object)) {
      if (!fields.includes(name))
        this.note(below(path, name), `is no field here; there are ${fields.join(', ')}`, name);
    }
    return object;
  }

  /** An object whose fields are names of the document's own. */
  public map(path: string, value: unknown): Fields {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
    this.note(path, 'must be an object', value);
    this.broken.push(path);
    return {};
  }

  /** A list with something in it. */
  public list(path: string, value: unknown): readonly unknown[] {
    if (Array.isArray(value) && value.length > 0) return value;
    this.note(path, 'must be a list that is not empty', Array.isArray(value) ? 'an empty one' : value);
    return [];
  }

  /** A text, where there is one. */
  public optionalText(path: string, value: unknown): void {
    if (value !== undefined && typeof value !== 'string') this.note(path, 'must be a text', value);
  }

  /** A decimal string as the integer that it is in units of its last allowed decimal. */
  public decimal(path: string, value: unknown, decimals: number): bigint | undefined {
    const problem = problemOfDecimal(value, decimals);
    if (problem !== undefined) {
      this.note(path, problem, value);
      return undefined;
    }
    const [whole = '', fraction = ''] = String(value).split('.');
    return BigInt(whole + fraction.padEnd(decimals, '0'));
  }

  /** A date-time in UTC as milliseconds since the epoch. */
  public moment(path: string, value: unknown): number | undefined {
    const text = String(value);
    const time = typeof value === 'string' && MOMENT.test(text) ? Date.parse(text) : Number.NaN;
    // A day that there is not, such as the 30th of February, is taken for a later one.
    if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(text.slice(0, MINUTES))) return time;
    this.note(path, 'must be a date-time in UTC such as 2026-06-01T00:00:00Z', value);
    return undefined;
  }

  /** A whole number from 1 on. */
  public count(path: string, value: unknown): number | undefined {
    if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
    this.note(path, 'must be an integer of at least 1', value);
    return undefined;
  }

  /** Throws what was noted. @throws PriceBookError */
  public throwFaults(): void {
    if (this.faults.length > 0) throw new PriceBookError(this.faults);
  }
}

/** The path of a field. */
export const below = (path: string, name: string): string => (path ? `${path}.${name}` : name);

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z$/;

/** Characters of a date-time down to its minutes. */
const MINUTES = '2026-06-01T00:00'.length;

const DECIMAL = /^-?(0|[1-9]\d*)(\.\d+)?$/;

/** Digits before the point from which on a price is a mistake, whatever its currency. */
const MOST_DIGITS = 9;

const problemOfDecimal = (value: unknown, decimals: number): string | undefined => {
  if (typeof value !== 'string' || !DECIMAL.test(value)) return 'must be a decimal string such as "3.75"';
  if (value.startsWith('-')) return 'must not be negative';
  const [whole = '', fraction = ''] = value.split('.');
  if (fraction.length > decimals) return `must have at most ${decimals} decimals`;
  return whole.length > MOST_DIGITS ? `must have at most ${MOST_DIGITS} digits before the point` : undefined;
};

const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'none');
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
};
