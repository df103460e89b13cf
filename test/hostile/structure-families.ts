import type { Random } from '../../lambda/runtime/clock/clock';
import { type HostileFamily, integer, oneOf, refused, validSubmission } from './hostile-body';

const FIELDS = ['model', 'max_tokens', 'messages', 'system', 'temperature', 'stop_sequences'];
const VALUES: readonly unknown[] = [null, true, false, 0, -1, 1.5, '', 'x', [], {}, [[]], [null], { a: 1 }, ['x', 1]];

/** What is valid in a field, so that it is no fault there. */
const isValidIn = (field: string, value: unknown): boolean =>
  (field === 'model' && value === 'x') ||
  (field === 'system' && typeof value === 'string') ||
  (field === 'temperature' && value === 0) ||
  (field === 'stop_sequences' && Array.isArray(value) && value.length === 0);

/** A JSON text with something put in behind the first `{`. */
const inserted = (text: string, what: string): string => text.replace('{', `{${what},`);

const nest = (random: Random, depth: number): string => {
  const isArray = random() < 0.5;
  const [open, close] = isArray ? ['[', ']'] : ['{"a":', '}'];
  const inside = isArray ? '' : '1';
  return `${open.repeat(depth)}${random() < 0.5 ? `${inside}${close.repeat(depth)}` : ''}`;
};

/** Bodies whose shape is wrong: what is no JSON, and JSON that is no submission. */
export const STRUCTURE_FAMILIES: Readonly<Record<string, HostileFamily>> = {
  truncated: (random) => {
    const text = JSON.stringify(validSubmission(random));
    return refused(text.slice(0, integer(random, 0, text.length - 1)));
  },
  'another value': (random) =>
    refused(
      oneOf(random, [
        '',
        ' ',
        'null',
        'true',
        '0',
        '"x"',
        '[]',
        '[{}]',
        '{}',
        '{}{}',
        'NaN',
        '-',
        '"',
        '\\',
        '{]',
        "{'a':1}",
      ]),
    ),
  nested: (random) => {
    const depth = oneOf(random, [17, 18, 100, 1_000, 20_000]);
    const text = nest(random, depth);
    return refused(random() < 0.5 ? text : inserted(JSON.stringify(validSubmission(random)), `"x":${text}`));
  },
  'wrong type': (random) => {
    const field = oneOf(random, FIELDS);
    const wrong = VALUES.filter((value) => !isValidIn(field, value));
    return refused({ ...validSubmission(random), [field]: oneOf(random, wrong) });
  },
  'wrong type in a message': (random) => {
    const wrong = oneOf(random, [null, 1, [], {}, '', true]);
    const message = random() < 0.5 ? { role: wrong, content: 'x' } : { role: 'user', content: wrong };
    return refused({ ...validSubmission(random), messages: [message] });
  },
  'missing field': (random) => {
    const field = oneOf(random, ['model', 'max_tokens', 'messages']);
    return refused({ ...validSubmission(random), [field]: undefined });
  },
  'unknown field': (random) => {
    const name = oneOf(random, [
      'stream',
      'tools',
      'metadata',
      'Model',
      'max_tokens ',
      'système',
      ' ',
      '0',
      '$ref',
      'a.b',
    ]);
    const valid = validSubmission(random);
    if (random() < 0.5) return refused({ ...valid, [name]: oneOf(random, VALUES) });
    return refused({ ...valid, messages: [{ role: 'user', content: 'x', [name]: 1 }] });
  },
  'many fields': (random) => {
    const many = Array.from({ length: integer(random, 50, 3_000) }, (_, index) => [`f${index}`, index]);
    return refused({ ...validSubmission(random), ...Object.fromEntries(many) });
  },
  prototype: (random) => {
    const name = oneOf(random, ['__proto__', 'constructor', 'prototype', '\\u005f_proto__', 'c\\u006fnstructor']);
    const value = oneOf(random, ['{"admin":true}', '1', 'null', '{"prototype":{"x":1}}']);
    const text = JSON.stringify(validSubmission(random));
    return refused(
      random() < 0.5 ? inserted(text, `"${name}":${value}`) : text.replace('"role"', `"${name}":${value},"role"`),
    );
  },
  'duplicate name': (random) => {
    const text = JSON.stringify(validSubmission(random));
    const twice = oneOf(random, ['"model":"m"', '"max_tokens":1', '"messages":[]', '"m\\u006fdel":"m"']);
    return refused(random() < 0.7 ? inserted(text, twice) : text.replace('"role"', '"role":"user","role"'));
  },
  'out of range': (random) =>
    refused({
      ...validSubmission(random),
      ...oneOf<object>(random, [
        { max_tokens: 0 },
        { max_tokens: 32_001 },
        { temperature: 1.0001 },
        { temperature: -1 },
        { messages: [] },
        { messages: Array.from({ length: 201 }, () => ({ role: 'user', content: 'x' })) },
        { messages: [{ role: 'system', content: 'x' }] },
        { stop_sequences: Array(9).fill('x') },
        { stop_sequences: ['x'.repeat(257)] },
        { model: 'm'.repeat(129) },
        { model: '-m' },
      ]),
    }),
  'huge number': (random) => {
    const number = oneOf(random, [
      '1e999',
      '-1e999',
      `1${'0'.repeat(400)}`,
      '9'.repeat(5_000),
      '1e-400',
      '0.1',
      '-0',
      '01',
      '1.',
      '+1',
      '0x10',
      '1e',
      'Infinity',
    ]);
    return refused(JSON.stringify({ ...validSubmission(random), max_tokens: '#' }).replace('"#"', number));
  },
  'two documents': (random) => {
    const text = JSON.stringify(validSubmission(random));
    return refused(text + oneOf(random, [text, ',', '}', 'x', '\u0000', '/* */', '\n{}']));
  },
  'not quite JSON': (random) => {
    const text = JSON.stringify(validSubmission(random));
    return refused(
      oneOf(random, [
        text.replaceAll('"', "'"),
        text.replace(/}$/, ',}'),
        `//x\n${text}`,
        text.replace(':', '='),
        `(${text})`,
        text.replace('"', ''),
      ]),
    );
  },
};
