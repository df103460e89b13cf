interface Headers {
  readonly headers?: Readonly<Record<string, string | undefined>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null;
}

/** Every value that a request gives a header, whatever the case of its name. */
export const readHeaderValues = ({ headers, multiValueHeaders }: Headers, name: string): readonly string[] => {
  const isIt = ([key]: [string, unknown]) => key.toLowerCase() === name;
  const many = Object.entries(multiValueHeaders ?? {}).find(isIt)?.[1];
  if (many && many.length > 0) return many;
  const one = Object.entries(headers ?? {}).find(isIt)?.[1];
  return one === undefined ? [] : [one];
};

/** The value of a header that is given once; undefined where it is given never or more than once. */
export const readHeader = (request: Headers, name: string): string | undefined => {
  const values = readHeaderValues(request, name);
  return values.length === 1 ? values[0] : undefined;
};
