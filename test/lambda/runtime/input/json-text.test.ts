import fc from 'fast-check';
import { JsonMalformedError, JsonRefusedError } from '../../../../lambda/runtime/input/errors';
import { MAX_JSON_FAULTS } from '../../../../lambda/runtime/input/json-structure';
import { parseJsonText } from '../../../../lambda/runtime/input/json-text';

const BOUNDS = { maxDepth: 4, maxProperties: 5, maxItems: 1_000 };
const parse = (text: string) => parseJsonText(text, BOUNDS);

/** The faults by which a text is refused. */
const faultsOf = (text: string) => {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof JsonRefusedError) return error.faults;
    throw error;
  }
  return [];
};

const TWICE = 'must not have a property twice';
const PROTOTYPE = 'must have no property that names a prototype';
const CONTROL = 'must have no control characters but tab, line feed and carriage return';
const HALF = 'must have no half of a surrogate pair';

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const objectOf = (properties: number) =>
  `{${Array.from({ length: properties }, (_, index) => `"k${index}":${index}`).join()}}`;

test('parses what JSON.parse does, to the same value', () => {
  const values = fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme' });
  fc.assert(
    fc.property(values, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      fc.pre(!/"(__proto__|constructor|prototype)"/.test(text));
      expect(parseJsonText(text, { ...BOUNDS, maxProperties: 1_000 })).toEqual(JSON.parse(text));
    }),
  );
});

test('whatever the text, it is parsed as JSON.parse does, or refused by one of two errors', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '\\"',
    '\\u0061',
    '"a"',
    '"b"',
    '1',
    ' ',
    '\u0000',
    'null',
    '-',
    'e',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 24 }), (found) => {
      const text = found.join('');
      let value: unknown;
      try {
        value = parse(text);
      } catch (error) {
        expect(error instanceof JsonMalformedError || error instanceof JsonRefusedError).toBe(true);
        return;
      }
      expect(value).toEqual(JSON.parse(text));
    }),
    { numRuns: 2_000 },
  );
});

describe('nesting', () => {
  test('is allowed up to the bound, of objects and arrays alike', () => {
    expect(parse(nested(4))).toEqual([[[[]]]]);
    expect(parse('{"a":{"b":{"c":{}}}}')).toEqual({ a: { b: { c: {} } } });
    const fault = [{ path: [], detail: 'must be nested no deeper than 4' }];
    expect(faultsOf(nested(5))).toEqual(fault);
    expect(faultsOf('{"a":{"b":{"c":{"d":{}}}}}')).toEqual(fault);
  });

  test('is bounded before anything is parsed, however deep and whether or not it is JSON', () => {
    for (const text of ['['.repeat(1_000_000), '{"a":'.repeat(200_000), nested(500_000)]) {
      expect(() => parse(text)).toThrow(JsonRefusedError);
    }
  });

  test('counts what is open, not what was', () => {
    expect(parse(`[${Array.from({ length: 1_000 }, () => '[[]]').join()}]`)).toHaveLength(1_000);
    expect(parse(`["${'['.repeat(50)}", "\\"${'{'.repeat(50)}"]`)).toHaveLength(2);
  });
});

describe('a name twice in one object', () => {
  test.each([
    ['{"a":1,"a":2}', []],
    ['{"a":1,"b":[{"c":1},{"d":1,"d":1}]}', ['b', 1]],
    ['{"a":1,"\\u0061":2}', []],
    ['{"\\ud83c\\udff0":1,"\u{1f3f0}":2}', []],
    ['{"a":{"x":{"y":1,"y":2}},"b":1}', ['a', 'x']],
    ['{"a" :1 , "a" : 2}', []],
    ['{"a":"a","b":",","c":"{","a":1}', []],
    ['{"":1,"":2}', []],
  ])('%s is refused at %j', (text, path) => {
    expect(faultsOf(text)).toEqual([{ path, detail: TWICE }]);
  });

  test.each(['{"a":{"a":{"a":1}}}', '[{"a":1},{"a":1}]', '{"a":"b","b":"a"}', '{"a":["a","a"]}', '{"a\\\\":1,"a":1}'])(
    '%s has none',
    (text) => {
      expect(parse(text)).toEqual(JSON.parse(text));
    },
  );

  test('is found wherever it is: one of any two equal names', () => {
    const names = fc.array(fc.string({ maxLength: 3 }), { minLength: 2, maxLength: 5 });
    const escaped = (name: string) =>
      [...name]
        .map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
        .join('')
        .slice(0, 6 * name.length);
    fc.assert(
      fc.property(names, fc.nat(), fc.boolean(), (given, which, isEscaped) => {
        const distinct = [...new Set(given)].filter((name) => /^[a-z0-9 ,:{}[\]]*$/i.test(name));
        const again = distinct[which % Math.max(1, distinct.length)] ?? 'x';
        const all = distinct.length === 0 ? ['x', 'x'] : [...distinct, again];
        const texts = all.map((name, index) =>
          isEscaped && index === all.length - 1 ? `"${escaped(name)}"` : JSON.stringify(name),
        );
        expect(faultsOf(`{${texts.map((name) => `${name}:0`).join()}}`)).toContainEqual({ path: [], detail: TWICE });
      }),
    );
  });
});

test.each([
  ['{"__proto__":{"admin":true}}', []],
  ['{"\\u005f_proto__":1}', []],
  ['[{"constructor":{"prototype":{"x":1}}}]', [0]],
  ['{"a":{"prototype":1}}', ['a']],
])('%s names a prototype, and is refused', (text, path) => {
  expect(faultsOf(text)).toContainEqual({ path, detail: PROTOTYPE });
  expect(({} as Record<string, unknown>).admin).toBeUndefined();
});

test('a prototype in a string, or as a value, is a text', () => {
  expect(parse('["__proto__", {"a":"constructor"}]')).toEqual(['__proto__', { a: 'constructor' }]);
});

test('an object has properties up to the bound, and one more is one fault', () => {
  expect(Object.keys(parse(objectOf(5)) as object)).toHaveLength(5);
  expect(faultsOf(objectOf(6))).toEqual([{ path: [], detail: 'must have at most 5 properties' }]);
  expect(faultsOf(objectOf(10_000))).toHaveLength(1);
});

test('an array has items up to the bound, and one more is one fault', () => {
  const arrayOf = (items: number) => `{"a":[[],[${Array(items).fill('[]').join()}]]}`;
  expect((parse(arrayOf(1_000)) as { a: unknown[][] }).a[1]).toHaveLength(1_000);
  const fault = { path: ['a', 1], detail: 'must have at most 1000 items' };
  expect(faultsOf(arrayOf(1_001))).toEqual([fault]);
  expect(faultsOf(`{"a":[[],[${','.repeat(1_000_000)}`)).toEqual([fault]);
});

describe('characters', () => {
  const controls = Array.from({ length: 0xa0 }, (_, code) => code).filter((code) => code < 0x20 || code >= 0x7f);

  test.each(controls)('U+%i of C0, DEL and C1 is refused, but for tab, line feed and carriage return', (code) => {
    const text = JSON.stringify({ a: `x${String.fromCharCode(code)}y` });
    const isText = [0x09, 0x0a, 0x0d].includes(code);
    expect(faultsOf(text)).toEqual(isText ? [] : [{ path: ['a'], detail: CONTROL }]);
  });

  test.each([
    ['"\\ud800"', []],
    ['["x\\udc00y"]', [0]],
    ['{"a":"\\udfff\\ud800"}', ['a']],
    ['{"a":"\ud83c"}', ['a']],
  ])('%j has half of a surrogate pair', (text, path) => {
    expect(faultsOf(text)).toEqual([{ path, detail: HALF }]);
  });

  test('are looked at in names too', () => {
    expect(faultsOf('{"a":{"\\u0000":1}}')).toEqual([{ path: ['a'], detail: CONTROL }]);
  });

  test('of every language are let through, with the marks of direction and the joiners that they need', () => {
    const text =
      '\u05e9\u05dc\u05d5\u05dd \u200f\u0645\u0631\u062d\u0628\u0627 \u06a9\u062a\u0627\u0628\u200c\u0647\u0627 \u{1f469}\u200d\u{1f4bb} \u202e\u2066 \ufeff';
    expect(parse(JSON.stringify([text]))).toEqual([text]);
  });
});

test('a byte order mark is refused at the beginning', () => {
  expect(() => parse('\ufeff{}')).toThrow(new JsonMalformedError('It must not begin with a byte order mark.'));
});

test('what is no JSON is said without a word of it', () => {
  for (const text of ['', '{', '{"sk-secret"', "{'a':1}", '{"a":1}{}', 'NaN', '"\u0000"', '{"a":1,}', '01', '// no']) {
    expect(() => parse(text)).toThrow(new JsonMalformedError());
  }
});

test('tells of faults in all places, and of at most twenty', () => {
  expect(faultsOf('{"a":[{"b":1,"b":2},"\\u0000"],"constructor":"\\ud800"}')).toEqual([
    { path: ['a', 0], detail: TWICE },
    { path: [], detail: PROTOTYPE },
    { path: ['a', 1], detail: CONTROL },
    { path: ['constructor'], detail: HALF },
  ]);
  for (const item of ['{"a":1,"a":1}', '"\\u0000"', '{"\\u0000":"\\u0000"}', '{"a":1,"a":"\\u0000"}']) {
    expect(faultsOf(`[${Array.from({ length: 1_000 }, () => item).join()}]`)).toHaveLength(MAX_JSON_FAULTS);
  }
});
