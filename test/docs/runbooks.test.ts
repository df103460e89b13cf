import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HELP } from '../../cli/help';
import { synthEnvironment } from '../lib/stacks/synth-environment';

const FOLDER = 'docs/runbooks';
const pages = readdirSync(FOLDER).filter((file) => file !== 'README.md');
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');
const matches = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found]) => found ?? '');

test.each(pages)('%s has the five headings in their order', (page) => {
  expect(matches(read(page), /^## (.+)$/gm)).toEqual(['What it means', 'Who notices', 'Look', 'Act', 'Afterwards']);
});

test('the README lists every page, and no other', () => {
  expect(matches(read('README.md'), /^\| \[(.+)\]\(/gm).sort()).toEqual(pages.sort());
});

test.each([...pages, 'README.md'])('%s links to pages that are there', (page) => {
  const links = matches(read(page), /\]\(([^)]+\.md)\)/g);
  expect(links.filter((link) => !existsSync(join(FOLDER, link)))).toEqual([]);
});

test('every page that the code names is there', () => {
  const sources = ['lib', 'cli', 'lambda'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(folder, file), 'utf8')),
  );
  const named = sources.flatMap((source) => [
    ...matches(source, /docs\/runbooks\/([a-z-]+\.md)/g),
    ...matches(source, /runbook: '([a-z-]+)'/g).map((name) => `${name}.md`),
  ]);
  expect(named).toContain('dead-letters.md');
  expect(named.filter((name) => !pages.includes(name))).toEqual([]);
});

test('every alarm of prod ends in a page that is there, and that says who notices', () => {
  const { data, service } = synthEnvironment('prod');
  const alarms = [data, service].flatMap((template) =>
    Object.entries(template.findResources('AWS::CloudWatch::Alarm')),
  );
  expect(alarms.length).toBeGreaterThan(15);
  for (const [id, { Properties }] of alarms) {
    const [page = 'none'] = matches(Properties.AlarmDescription ?? '', / Runbook: docs\/runbooks\/([a-z-]+\.md)$/g);
    expect({ id, page, isThere: pages.includes(page) }).toEqual({ id, page, isThere: true });
  }
});

const COMMANDS = matches(HELP, /^ {2}([a-z]+(?: [a-z-]+){0,2}) +--env/gm);
const OPTIONS = matches(HELP, /(--[a-z-]+)/g);

/** Pages beside the runbooks that say what to type. */
const OTHERS = ['../credentials.md', '../deploy.md', '../development.md', '../../lib/secrets/README.md'];

test.each([...pages, 'README.md', ...OTHERS])('%s names commands and options that there are', (page) => {
  expect(COMMANDS).toContain('dlq redrive');
  for (const line of matches(read(page), /\bbulwark (?:-- )?((?:[a-z]+)[^`\n#|]*)/g)) {
    const known = COMMANDS.some((command) => line === command || line.startsWith(`${command} `));
    expect({ line, known }).toEqual({ line, known: true });
    expect(matches(line, /(--[a-z-]+)/g).filter((option) => !OPTIONS.includes(option))).toEqual([]);
  }
});
