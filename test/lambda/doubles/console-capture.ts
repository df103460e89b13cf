/** Captures everything that is written to standard output and standard error, until it is released. */
export const captureOutput = () => {
  const written: string[] = [];
  const streams = [process.stdout, process.stderr];
  const originals = streams.map((stream) => stream.write);
  for (const stream of streams) {
    stream.write = ((chunk: unknown) => {
      written.push(String(chunk));
      return true;
    }) as typeof stream.write;
  }
  const text = () => written.join('');
  return {
    text,
    /** The JSON lines among it. */
    lines: () =>
      text()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    release: () => {
      for (const [position, stream] of streams.entries()) {
        const original = originals[position];
        if (original) stream.write = original;
      }
    },
  };
};
