/** Most bytes of one thing that are looked at at once. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** Bytes that two windows share, so that no secret is cut in two; the longest is a private key of some kilobytes. */
const OVERLAP_BYTES = 64 * 1024;

const BYTE_ORDER_MARKS = [
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

const encodingOf = (start) =>
  BYTE_ORDER_MARKS.find(([, mark]) => mark.every((byte, at) => start[at] === byte))?.[0] ?? 'utf-8';

const linesIn = (text) => text.split('\n').length - 1;

/**
 * The texts of one thing, whatever its size, each with the number of its first line. Binary data is text here too: a
 * key within it is readable all the same. Both sizes are even, as half a UTF-16 unit would spoil all that follows it.
 */
export async function* windowsOf(chunks, windowBytes = WINDOW_BYTES, overlapBytes = OVERLAP_BYTES) {
  let [held, heldBytes, firstLine, encoding] = [[], 0, 1, undefined];
  for await (const chunk of chunks) {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes <= windowBytes) continue;
    let bytes = Buffer.concat(held);
    encoding ??= encodingOf(bytes);
    const decoder = new TextDecoder(encoding);
    while (bytes.length > windowBytes) {
      yield { text: decoder.decode(bytes.subarray(0, windowBytes)), firstLine };
      const next = windowBytes - overlapBytes;
      firstLine += linesIn(decoder.decode(bytes.subarray(0, next)));
      bytes = Buffer.from(bytes.subarray(next));
    }
    [held, heldBytes] = [[bytes], bytes.length];
  }
  const rest = Buffer.concat(held);
  yield { text: new TextDecoder(encoding ?? encodingOf(rest)).decode(rest), firstLine };
}
