import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { HANDLERS } from '../../lib/contract/handlers';

const FOLDER = path.resolve('dist/lambda');
const bundle = () => execFileSync(process.execPath, ['scripts/bundle-lambda.mjs'], { encoding: 'utf8' });
const digests = () =>
  HANDLERS.map((name) =>
    createHash('sha256')
      .update(readFileSync(`${FOLDER}/${name}/index.mjs`))
      .digest('hex'),
  );

test('each handler is one module of its own, the same bytes each time, said in one line', () => {
  const line = bundle();
  const first = digests();
  expect(bundle()).toBe(line);
  expect(digests()).toEqual(first);
  expect(line).toMatch(new RegExp(`^bundled ${HANDLERS.length} handlers: [^\\n]+\\n$`));
  expect(readdirSync(FOLDER).sort()).toEqual([...HANDLERS].sort());
  for (const name of HANDLERS) expect(readdirSync(`${FOLDER}/${name}`)).toEqual(['index.mjs']);
});

test('a bundle imports nothing, and names no place of the machine that built it', () => {
  for (const name of HANDLERS) {
    const code = readFileSync(`${FOLDER}/${name}/index.mjs`, 'utf8');
    // Compared as booleans: a failure that prints the code would be 300 KB long.
    expect({
      name,
      imports: /(^|;)import[\s{*"']/m.test(code),
      namesPlace: code.includes(process.cwd()),
      exportsHandler: /export\{[\w$]+ as handler\};?\s*$/.test(code),
    }).toEqual({ name, imports: false, namesPlace: false, exportsHandler: true });
  }
});
