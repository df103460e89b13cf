import { EnvironmentError } from './errors';

/** One environment variable: its name, and how its text becomes a value; `parse` throws a RangeError saying its rule. */
export interface Field<T> {
  readonly key: string;
  readonly parse: (text: string | undefined) => T;
}

/** A variable that must be there and not be empty. */
export const text = (key: string): Field<string> => ({
  key,
  parse: (value) => {
    if (!value) throw new RangeError('must be set');
    return value;
  },
});

/** A variable that may be missing; an empty one is. */
export const optionalText = (key: string): Field<string | undefined> => ({ key, parse: (value) => value || undefined });

/** An `http:` or `https:` URL, answered without a trailing slash. */
export const url = (key: string): Field<string> => ({
  key,
  parse: (value) => {
    if (!value || !/^https?:$/.test(URL.parse(value)?.protocol ?? '')) throw new RangeError('must be an http(s) URL');
    return value.replace(/\/+$/, '');
  },
});

export interface IntegerOptions {
  readonly min: number;
  readonly max: number;
  /** Value where the variable is not set. @default - the variable must be set */
  readonly fallback?: number;
}

/** A whole number in [`min`, `max`]. */
export const integer = (key: string, { min, max, fallback }: IntegerOptions): Field<number> => ({
  key,
  parse: (value) => {
    if (!value && fallback !== undefined) return fallback;
    const number = /^-?\d{1,15}$/.test(value ?? '') ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) throw new RangeError(`must be an integer from ${min} to ${max}`);
    return number;
  },
});

type Fields = Readonly<Record<string, Field<unknown>>>;
type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/**
 * Reads all fields at once.
 * @throws EnvironmentError naming every variable that is missing or unusable, but no value.
 */
export const readEnvironment = <F extends Fields>(
  fields: F,
  environment: NodeJS.ProcessEnv = process.env,
): Values<F> => {
  const problems: string[] = [];
  const values = Object.entries(fields).map(([name, { key, parse }]) => {
    try {
      return [name, parse(environment[key])];
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problems.push(`\`${key}\` ${error.message}`);
      return [name, undefined];
    }
  });
  if (problems.length > 0) throw new EnvironmentError(problems);
  return Object.fromEntries(values) as Values<F>;
};
