import { EnvironmentError } from '../../../../lambda/runtime/environment/errors';
import { integer, readEnvironment, text, url } from '../../../../lambda/runtime/environment/read-environment';

test('reads every field as its type', () => {
  const fields = {
    table: text('TABLE'),
    endpoint: url('ENDPOINT'),
    budget: integer('BUDGET', { min: 1, max: 10 }),
    size: integer('SIZE', { min: 1, max: 10, fallback: 5 }),
  };
  const environment = { TABLE: 'jobs', ENDPOINT: 'https://api.example.com/base//', BUDGET: '10' };
  expect(readEnvironment(fields, environment)).toEqual({
    table: 'jobs',
    endpoint: 'https://api.example.com/base',
    budget: 10,
    size: 5,
  });
});

test('names everything that is wrong at once, and no value', () => {
  const fields = {
    a: text('A'),
    b: text('B'),
    c: url('C'),
    d: integer('D', { min: 1, max: 10 }),
    e: integer('E', { min: 1, max: 10, fallback: 5 }),
  };
  const read = () => readEnvironment(fields, { B: '', C: 'ftp://sk-secret', D: 'sk-secret', E: '11' });
  expect(read).toThrow(EnvironmentError);
  expect(read).toThrow(
    'The environment is not usable: `A` must be set; `B` must be set; `C` must be an http(s) URL; `D` must be an integer from 1 to 10; `E` must be an integer from 1 to 10.',
  );
});

test.each(['0', '11', '1.5', '1e1', ' 5', '0x5', ''])('`%s` is no integer from 1 to 10', (value) => {
  expect(() => readEnvironment({ n: integer('N', { min: 1, max: 10 }) }, { N: value })).toThrow(
    '`N` must be an integer',
  );
});
