import fc from 'fast-check';
import { duplicateNames } from '../../../lib/spend/duplicate-names';

test.each([
  ['{}', []],
  ['{"a":1,"b":1}', []],
  ['{"a":1,"a":2}', ['a']],
  ['{"a":{"a":1},"b":{"a":1}}', []],
  ['[{"a":1},{"a":1}]', []],
  ['{"x":{"a":1,"b":[{"a":1}],"a":2}}', ['a']],
  ['{"a":1,"\\u0061":2}', ['a']],
  ['{"a\\"":1,"a":2,"a\\"":3}', ['a"']],
  ['{"a":"a","b":"\\"a\\":"}', []],
  ['{"a":"{","a":"}"}', ['a']],
  ['{"a" \n :1, "a"\t:2}', ['a']],
  ['{"__proto__":1,"__proto__":2}', ['__proto__']],
])('finds in %s %j', (json, names) => {
  expect(duplicateNames(json)).toEqual(names);
});

test('finds none in what was written from an object', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(undefined, 2), (json, indent) => {
      expect(duplicateNames(JSON.stringify(JSON.parse(json), undefined, indent))).toEqual([]);
    }),
  );
});

test('finds each name that is written twice, wherever it is', () => {
  fc.assert(
    fc.property(fc.string(), fc.jsonValue(), fc.jsonValue(), (name, one, other) => {
      const key = JSON.stringify(name);
      expect(duplicateNames(`[{"inner":{${key}:${JSON.stringify(one)},${key}:${JSON.stringify(other)}}}]`)).toEqual([
        name,
      ]);
    }),
  );
});
