import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { LABEL_PATTERNS } from '../../../../lambda/runtime/input/label-patterns';
import { labelPrompt, labelPrompts } from '../../../../lambda/runtime/input/label-prompt';
import { PromptLabel, type PromptLabelValue } from '../../../../lib/contract/prompt-labels';
import { ATTACKS } from './attacks';
import { ORDINARY } from './ordinary';

const LABELS = Object.values(PromptLabel);
const attacks = Object.entries(ATTACKS).flatMap(([label, texts]) =>
  texts.map((text) => [label as PromptLabelValue, text] as const),
);

test.each(attacks)('%s: %j', (label, text) => {
  expect(labelPrompt(text)).toContain(label);
});

test.each(attacks)('%s within a long prompt: %j', (label, text) => {
  const around = `${ORDINARY.join('\n')}\n`;
  expect(labelPrompt(`${around}${text}\n${around}`)).toContain(label);
});

test.each(ORDINARY)('no label: %j', (text) => {
  expect(labelPrompt(text)).toEqual([]);
});

test('every file of this repository but those that are about attacks is ordinary prose and code', () => {
  const about = /input|hostile|display-text|web-acl|firewall|uploads(\/inspect|\/markup)?\.test|service-stack\.test/;
  const folders = ['bench', 'bin', 'cli', 'docs', 'examples', 'lambda', 'lib', 'local', 'scripts', 'test'];
  const files = folders
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => path.join(folder, file)),
    )
    .filter((file) => /\.(ts|mjs|md|py|json)$/.test(file) && !about.test(file));
  expect(files.length).toBeGreaterThan(400);
  const labelled = files.map((file) => [file, labelPrompt(readFileSync(file, 'utf8'))] as const);
  expect(labelled.filter(([, labels]) => labels.length > 0)).toEqual([]);
});

test('tells each label once, in the order of the contract, of any of the texts', () => {
  const texts = Object.values(ATTACKS).flat();
  expect(labelPrompts(texts.toReversed())).toEqual(LABELS);
  expect(labelPrompts([])).toEqual([]);
  expect(labelPrompts(['', ...ORDINARY])).toEqual([]);
});

test('gives the same answer each time, whatever the text', () => {
  const piece = fc.oneof(fc.constantFrom(...Object.values(ATTACKS).flat()), fc.string(), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 5 }), (pieces) => {
      const text = pieces.join(' ');
      const labels = labelPrompt(text);
      expect(labelPrompt(text)).toEqual(labels);
      expect(labels).toEqual(LABELS.filter((label) => labels.includes(label)));
    }),
  );
});

describe('every pattern costs a bounded number of steps at each place of a text', () => {
  const patterns = Object.values(LABEL_PATTERNS)
    .flat()
    .map((pattern) => [pattern.source, pattern.flags] as const);

  /** A pattern without its classes and escapes, in which braces and stars stand for themselves. */
  const bare = (source: string) =>
    source.replace(/\\(u\{[0-9a-f]+\}|u[0-9a-f]{4}|.)/gi, '_').replace(/\[(?:\^?\]?)[^\]]*\]/g, '_');

  test.each(patterns)('%s has no repetition without a bound', (source) => {
    expect(bare(source)).not.toMatch(/[*+]|\{\d*,\}/);
  });

  test.each(patterns)('%s repeats nothing that repeats more than a word', (source) => {
    // A group that repeats more than once holds bounded words and spaces only, and no other group that repeats.
    const groups = [...bare(source).matchAll(/\(([^()]*)\)\{\d+,(\d+)\}/g)];
    for (const [, inside = '', most] of groups) {
      expect({ inside, fits: Number(most) <= 4 && !/\{\d+,(?:2[5-9]|[3-9]\d|\d{3,})\}/.test(inside) }).toEqual({
        inside,
        fits: true,
      });
    }
  });

  test.each(patterns)('%s keeps no state between two texts', (_, flags) => {
    expect(flags).not.toMatch(/[gy]/);
  });
});
