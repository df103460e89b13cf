import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeClientKey } from '../../lib/contract/client-keys';
import { SECRETS } from './planted-secrets';

const MAIN = resolve('scripts/leaks/main.mjs');

/** No hook that runs these tests may point them at its own repository. */
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))),
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@example.org',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@example.org',
};

let repository: string;
beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), 'bulwark-leaks-'));
  git('init', '--quiet', '--initial-branch=main');
});
afterEach(() => rmSync(repository, { recursive: true, force: true }));

const git = (...args: string[]) => execFileSync('git', args, { cwd: repository, env, stdio: 'pipe' });
const write = (path: string, content: string | Uint8Array) => writeFileSync(join(repository, path), content);
const commit = (message: string) => {
  git('add', '--all');
  git('commit', '--quiet', '--allow-empty', '--message', message);
};

function leaks(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: repository,
    env,
    encoding: 'utf8',
  });
  return { code: status, printed: stdout, errors: stderr };
}

const secret = (kind: string): string => SECRETS[kind]?.() ?? '';

test.each(Object.keys(SECRETS))('finds %s in the work tree, the index and the history, and never prints it', (kind) => {
  const value = secret(kind);
  write('notes.md', `# Notes\n\n${value}\n`);
  git('add', '--all');
  const [inTree, inIndex] = [leaks(), leaks('--staged')];
  commit('Take notes');
  rmSync(join(repository, 'notes.md'));
  commit('Take them back');
  for (const { code, printed, errors } of [inTree, inIndex, leaks('--history')]) {
    expect(printed).toContain(`notes.md:3: ${kind}`);
    expect(printed + errors).not.toContain(value);
    expect(code).toBe(1);
  }
  expect(leaks()).toMatchObject({ code: 0, printed: 'leaks: 0 found in 0 files\n' });
});

test('a finding of the history names the commit that brought it', () => {
  commit('Begin');
  write('a.txt', secret('github/GITHUB_TOKEN'));
  commit('Bring it');
  const brought = git('rev-parse', '--short', 'HEAD').toString().trim();
  write('b.txt', 'more');
  commit('Go on');
  expect(leaks('--history').printed).toContain(`a.txt:1: github/GITHUB_TOKEN since ${brought}`);
});

test('the message of a commit is read too', () => {
  commit(`Use ${secret('npm/NPM_ACCESS_TOKEN')}`);
  expect(leaks('--history')).toMatchObject({ code: 1, printed: expect.stringContaining('(commit ') });
});

test('what stands in several places is told once', () => {
  const value = secret('github/GITHUB_TOKEN');
  for (const path of ['a.txt', 'b.txt', 'c.txt']) write(path, `${path} ${value}`);
  expect(leaks().printed.match(/github\/GITHUB_TOKEN.*/g)).toEqual(['github/GITHUB_TOKEN, and in 2 more']);
});

test('a look-alike of a client key, of which the checksum is wrong, is none', () => {
  const key = makeClientKey('dev', 'abcdefgh12345678', randomBytes(32));
  write('example.md', `${key.slice(0, -6)}${key.endsWith('000000') ? '000001' : '000000'}`);
  expect(leaks().code).toBe(0);
});

test.each([
  ['UTF-16', (value: string) => Buffer.from(`\ufeff${value}`, 'utf16le')],
  ['binary data', (value: string) => Buffer.concat([Buffer.from([0, 255, 0, 128, 10]), Buffer.from(value)])],
])('%s hides nothing', (_, encode) => {
  write('data.bin', encode(`token ${secret('github/GITHUB_TOKEN')} end`));
  expect(leaks()).toMatchObject({ code: 1, printed: expect.stringContaining('data.bin:') });
});

test('a secret on the border of two windows of a large file is found, on its line', () => {
  const line = `${'x'.repeat(63)}\n`;
  const lines = (4 * 1024 * 1024) / line.length - 1;
  const value = secret('github/GITHUB_TOKEN');
  write('large.txt', `${line.repeat(lines)}${'y'.repeat(30)} ${value}\n${line.repeat(lines)}`);
  commit('Large');
  expect(leaks('--history').printed).toContain(`large.txt:${lines + 1}: github/GITHUB_TOKEN`);
});

test('a comment does not switch the check off', () => {
  write('a.ts', `// secretlint-disable\nconst a = '${secret('github/GITHUB_TOKEN')}';\n`);
  expect(leaks().code).toBe(1);
});

test('a file of environment variables may name keys, and not their values', () => {
  write('.env.example', '# no values here\nANTHROPIC_API_KEY=\nPORT=3000\nDB_PASSWORD= # from the vault\n');
  expect(leaks().code).toBe(0);
  write('.env.local', 'PORT=3000\nexport ANTHROPIC_API_KEY="anything at all"\n');
  expect(leaks()).toMatchObject({ code: 1, printed: expect.stringContaining('.env.local:2: environment-file-value') });
});

test.each(['.envrc', 'prod.env', '.env.production.local', 'prod.env.bak', 'PROD.ENV'])(
  '%s is such a file too',
  (path) => {
    write(path, 'export DB_PASS=anything\n');
    expect(leaks()).toMatchObject({ code: 1, printed: expect.stringContaining(`${path}:1: environment-file-value`) });
  },
);

test.each(['DB_PASS', 'PGPASSWD', 'SIGNING_PASSPHRASE', 'DB_PWD'])('%s names a secret', (name) => {
  write('.env', `${name}=anything\n`);
  expect(leaks().code).toBe(1);
});

test.each(['environment.ts', 'read-env.md', 'dev.environment'])('%s is no such file', (path) => {
  write(path, 'DB_PASS=anything\n');
  expect(leaks().code).toBe(0);
});

test.each(['sk-svcacct-', 'sk-admin-'])('a key of OpenAI that begins with %s is found', (prefix) => {
  write('a.txt', `${prefix}${randomBytes(30).toString('hex')}`);
  expect(leaks()).toMatchObject({ code: 1, printed: expect.stringContaining('a.txt:1: openai-key') });
});

test('the same content under a harmless name hides nothing in the history', () => {
  write('a-notes.txt', 'DB_PASSWORD=anything\n');
  commit('Take notes');
  write('.env', 'DB_PASSWORD=anything\n');
  commit('Copy them');
  rmSync(join(repository, '.env'));
  commit('Take it back');
  expect(leaks('--history')).toMatchObject({
    code: 1,
    printed: expect.stringContaining('.env:1: environment-file-value'),
  });
});

test('only what is staged counts before a commit, and what git ignores counts nowhere', () => {
  write('.gitignore', 'private/\n*.log\n');
  write('run.log', secret('github/GITHUB_TOKEN'));
  write('staged.txt', 'harmless');
  git('add', '--all');
  write('staged.txt', secret('github/GITHUB_TOKEN'));
  expect(leaks('--staged').code).toBe(0);
  expect(leaks()).toMatchObject({ code: 1, printed: expect.not.stringContaining('run.log') });
});

describe('the hook', () => {
  beforeEach(() => git('config', 'core.hooksPath', resolve('.githooks')));
  const attempt = () => spawnSync('git', ['commit', '--quiet', '--message', 'x'], { cwd: repository, env });

  test('refuses a commit that brings a secret', () => {
    write('a.txt', secret('anthropic/ANTHROPIC_API_KEY'));
    git('add', '--all');
    expect(attempt().status).toBe(1);
    expect(spawnSync('git', ['rev-parse', '--verify', 'HEAD'], { cwd: repository, env }).status).not.toBe(0);
  });

  test('lets any other through', () => {
    write('a.txt', 'harmless');
    git('add', '--all');
    expect(attempt().status).toBe(0);
  });

  test('is what `npm run hooks` installs', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(scripts.hooks).toBe('git config core.hooksPath .githooks');
  });
});

test('a shallow clone is no proof of anything', () => {
  commit('One');
  commit('Two');
  const origin = repository;
  repository = mkdtempSync(join(tmpdir(), 'bulwark-leaks-'));
  git('clone', '--quiet', '--depth', '1', `file://${origin}`, '.');
  rmSync(origin, { recursive: true, force: true });
  expect(leaks('--history')).toEqual({
    code: 2,
    printed: '',
    errors: 'leaks: this clone is shallow, so that its history cannot be checked: git fetch --unshallow\n',
  });
});

test('outside a repository it says so', () => {
  rmSync(join(repository, '.git'), { recursive: true });
  expect(leaks()).toMatchObject({ code: 2, errors: expect.stringMatching(/^leaks: git rev-parse failed: .+\n$/) });
});

test('an unknown argument is wrong usage', () => {
  expect(leaks('--everything')).toEqual({
    code: 2,
    printed: '',
    errors: 'leaks: no such argument: --everything; there are: --staged, --history\n',
  });
});

test('what is allowed is one value each, with a reason', async () => {
  const source = readFileSync('scripts/leaks/allowed.mjs', 'utf8');
  const entries = [...source.matchAll(/\{[^}]*\}/g)].map(([entry]) => entry);
  for (const entry of entries) {
    expect(entry).toMatch(/fingerprint: '[0-9a-f]{64}'/);
    expect(entry).toMatch(/reason:\s+'.{20,}'/);
  }
  expect(source.match(/fingerprint:/g)?.length ?? 0).toBe(entries.length);
});
