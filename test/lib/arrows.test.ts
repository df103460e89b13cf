import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '../..');
const DEPCRUISE = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

/** Arrows that point the wrong way: the rule that must catch it, the file that it starts from, where it points. */
const WRONG = [
  ['lib-is-the-bottom', 'lib/queue.ts', '../lambda/submit/handler'],
  ['lib-is-the-bottom', 'lib/stack.ts', '../bin/app'],
  ['lambda-knows-only-the-contract', 'lambda/submit/logic.ts', '../../lib/index'],
  ['lambda-without-cdk', 'lambda/submit/cdk.ts', 'aws-cdk-lib'],
  ['lambda-without-cdk', 'lambda/submit/constructs.ts', 'constructs'],
  ['contract-stands-alone', 'lib/contract/more.ts', '../settings'],
  ['contract-stands-alone', 'lib/contract/package.ts', 'constructs'],
  ['cli-knows-contract-and-runtime', 'cli/show.ts', '../lib/index'],
  ['cli-knows-contract-and-runtime', 'cli/cdk.ts', 'aws-cdk-lib'],
  ['cli-knows-contract-and-runtime', 'cli/invoke.ts', '../lambda/submit/handler'],
  ['readiness-reads-templates', 'readiness/more.ts', '../lib/index'],
  ['bin-composes', 'bin/other.ts', '../lambda/submit/handler'],
  ['examples-are-guests', 'examples/thief.ts', '../lib/contract/names'],
  ['no-unresolvable', 'lib/lost.ts', './nowhere'],
  ['no-cycles', 'lib/egg.ts', './hen'],
] as const;

/** A small house of the same shape. */
let house: string;

beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), 'bulwark-arrows-'));
  symlinkSync(join(ROOT, 'node_modules'), join(house, 'node_modules'));
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json']) {
    cpSync(join(ROOT, file), join(house, file));
  }
  write('lib/contract/names.ts', "export const NAME = 'name';\n");
  write('lib/settings.ts', "export const SETTING = 'setting';\n");
  write('lib/index.ts', "export { NAME } from './contract/names';\n");
  write('lambda/submit/handler.ts', "export { NAME } from '../../lib/contract/names';\n");
  write('lambda/runtime/tokens.ts', "export const TOKEN = 'token';\n");
  write('lambda/upstream/admin/keys.ts', "export const KEY = 'key';\n");
  write('cli/list.ts', "export { NAME } from '../lib/contract/names';\n");
  write('cli/token.ts', "export { TOKEN } from '../lambda/runtime/tokens';\n");
  write('cli/key.ts', "export { KEY } from '../lambda/upstream/admin/keys';\n");
  write('bin/app.ts', "export { NAME } from '../lib/index';\n");
  write('readiness/rules.ts', "export { join } from 'node:path';\n");
  write('examples/shop.ts', "export { NAME } from 'cdk-bulwark';\n");
});

afterAll(() => {
  rmSync(house, { recursive: true });
});

test('finds nothing in a house whose arrows point the right way', () => {
  expect(violations()).toEqual([]);
}, 20_000);

test('catches each arrow that points the wrong way, by its own rule', () => {
  for (const [, file, target] of WRONG) {
    write(file, `import * as target from '${target}';\nexport const taken = target;\n`);
  }
  write('lib/hen.ts', "export { taken } from './egg';\n");
  write('lib/typed.ts', "import type { NAME } from '../lambda/submit/handler';\nexport type Name = typeof NAME;\n");

  expect(violations()).toEqual(
    [...WRONG.map(([rule, file]) => `${rule}: ${file}`), 'lib-is-the-bottom: lib/typed.ts'].sort(),
  );
}, 20_000);

function write(path: string, text: string): void {
  mkdirSync(dirname(join(house, path)), { recursive: true });
  writeFileSync(join(house, path), text);
}

/** The rules that the house breaks, and where. */
function violations(): string[] {
  const folders = ['bin', 'lib', 'lambda', 'cli', 'readiness', 'examples'];
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [DEPCRUISE, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...folders],
    { cwd: house, encoding: 'utf8' },
  );
  if (!stdout.startsWith('{')) {
    throw new Error(stderr || stdout);
  }
  const { summary, modules } = JSON.parse(stdout);
  // With a compiler that it does not know, the tool reads no file and finds no fault.
  expect(modules.length).toBeGreaterThanOrEqual(folders.length);
  return summary.violations
    .map(({ rule, from }: { rule: { name: string }; from: string }) => `${rule.name}: ${from}`)
    .sort();
}
