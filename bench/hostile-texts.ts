const repeated = (piece: string, size: number): string => piece.repeat(Math.ceil(size / piece.length)).slice(0, size);

/** A submission whose texts are a piece over and over, within the bounds of the schema. */
const prompt = (piece: string, size: number): string => {
  const contents: string[] = [];
  for (let left = size; left > 0; left -= 200_000) contents.push(repeated(piece, Math.min(left, 200_000)));
  return JSON.stringify({
    model: 'm',
    max_tokens: 1,
    messages: contents.map((content) => ({ role: 'user', content })),
  });
};

const list = (item: string, size: number): string =>
  `[${repeated(`${item},`, size - (size % (item.length + 1)))}${item}]`;

const object = (size: number, name: (index: number) => string): string => {
  const members: string[] = [];
  for (let length = 0, index = 0; length < size; index += 1) {
    const member = `"${name(index)}":0`;
    members.push(member);
    length += member.length + 1;
  }
  return `{${members.join()}}`;
};

/** Texts of a size, by what is hard about them: for the reader of JSON, for the schema, for the labels. */
export const HOSTILE_TEXTS: Readonly<Record<string, (size: number) => string>> = {
  prose: (size) => prompt('The quick brown fox (aged 7) said: "or is it 5 < 6?" and went on.\n', size),
  'escaped quotes': (size) => `"${repeated('\\"', size - (size % 2))}"`,
  backslashes: (size) => `"${repeated('\\\\', size - (size % 2))}"`,
  'unicode escapes': (size) => `["${repeated('\\u00e9', size - (size % 6))}"]`,
  'controls in a text': (size) => `["${repeated('\\u0000', size - (size % 6))}"]`,
  'nested, not closed': (size) => repeated('[', size),
  'nested objects': (size) => repeated('{"a":', size),
  'empty arrays': (size) => list('[]', size),
  'empty texts': (size) => list('""', size),
  'texts with a fault': (size) => list('"\\u0000"', size),
  'objects with a name twice': (size) => list('{"a":1,"a":2}', size),
  'many names': (size) => object(size, (index) => `f${index}`),
  'numbers as names': (size) => object(size, (index) => String(index * 7_919)),
  'escaped names': (size) => object(size, (index) => `\\u0066${index}`),
  'one name': (size) => object(size, () => 'a'),
  numbers: (size) => list('1e308', size),
  'one number': (size) => repeated('9', size),
  'white space': (size) => `[${repeated(' \n', size)}]`,
  quotes: (size) => repeated('"', size),
  'messages with faults': (size) => `{"model":"m","max_tokens":1,"messages":${list('{"role":"x","content":1}', size)}}`,
  'a long model': (size) => JSON.stringify({ model: repeated('a', size), max_tokens: 1, messages: [] }),
  'a prompt of tags': (size) => prompt('<a on', size),
  'a prompt of quotes': (size) => prompt("' or ", size),
  'a prompt of queries': (size) => prompt('union select x ', size),
  'a prompt of templates': (size) => prompt('{{ config. ', size),
  'a prompt of instructions': (size) => prompt('ignore all the previous ', size),
  'a prompt in Korean': (size) => prompt('이전 지시를 ', Math.floor(size / 2)),
  'a prompt of tag characters': (size) => prompt('\u{e0041}', Math.floor(size / 2)),
  'a prompt of flags': (size) => prompt('\u{1f3f4}\u{e0067}', Math.floor(size / 2)),
};
