import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explainPipFailure, installEmulator, REQUIREMENTS } from '../../../local/emulator/install';
import { LocalFailure } from '../../../local/failure';

let folder: string;
let commands: string;
const lines: string[] = [];
const progress = { step: (text: string) => lines.push(text), result: () => undefined };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-install-'));
  commands = join(folder, 'commands');
  lines.length = 0;
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Puts a `python3` on an otherwise empty PATH: a shell script, run by its absolute path. */
function fakePython(script: string): NodeJS.ProcessEnv {
  mkdirSync(commands, { recursive: true });
  writeFileSync(join(commands, 'python3'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { PATH: commands };
}

const install = (env: NodeJS.ProcessEnv) => installEmulator({ progress, folder: join(folder, 'emulator'), env });

/** Answers the version question with 3.12, and pip as told. */
const python312 = (pip: string) => `case "$1" in -c) echo 3 12 ;; *) ${pip} ;; esac`;

/** Does what pip does with `--target`: makes the folder that is named after it. */
const PIP_THAT_WORKS = 'while [ "$1" != --target ]; do shift; done; /bin/mkdir -p "$2"';

test('no Python on the PATH is one line', async () => {
  await expect(install({ PATH: join(folder, 'nowhere') })).rejects.toThrow(
    new LocalFailure(
      'local: Python 3.10 or newer is needed for the emulator, but there is no python3 on the PATH: install it and run this again',
    ),
  );
});

test('a Python that is too old is one line', async () => {
  await expect(install(fakePython('echo 3 9'))).rejects.toThrow(
    new LocalFailure(
      'local: Python 3.10 or newer is needed for the emulator, but python3 is 3.9: install a newer one and run this again',
    ),
  );
});

test('installs once; then it is there', async () => {
  const env = fakePython(python312(PIP_THAT_WORKS));
  const first = await install(env);
  expect(first.packages).toMatch(/emulator\/[0-9a-f]{12}-py3\.12$/);
  expect(existsSync(first.packages)).toBe(true);
  expect(await install(env)).toEqual(first);
  expect(lines).toEqual(['Installing the emulator into .local (once, with python3 3.12)']);
});

test('an install that fails leaves nothing that looks installed', async () => {
  const failing = fakePython(python312('echo "ERROR: No matching distribution found for ministack" >&2; exit 1'));
  await expect(install(failing)).rejects.toThrow(
    new LocalFailure(
      'local: pip cannot reach a package index: check the network (or PIP_INDEX_URL) and run this again',
    ),
  );
  expect(readdirSync(join(folder, 'emulator'))).toEqual([]);
  await expect(install(fakePython(python312(PIP_THAT_WORKS)))).resolves.toMatchObject({ python: 'python3' });
});

test('what an interrupted install left behind is removed', async () => {
  const abandoned = join(folder, 'emulator', 'partial-999999999');
  mkdirSync(abandoned, { recursive: true });
  await install(fakePython(python312(PIP_THAT_WORKS)));
  expect(existsSync(abandoned)).toBe(false);
});

test.each([
  [
    '/usr/bin/python3: No module named pip',
    'local: python3 has no pip: run `python3 -m ensurepip` (or install the package python3-pip) and run this again',
  ],
  [
    'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.',
    'local: a downloaded package does not have the pinned hash: nothing was installed; check the package index that pip uses',
  ],
  [
    'WARNING: Retrying: NewConnectionError: Name or service not known',
    'local: pip cannot reach a package index: check the network (or PIP_INDEX_URL) and run this again',
  ],
  ['something\nERROR: disk full\n', 'local: pip could not install the emulator: ERROR: disk full'],
])('explains %j', (output, line) => {
  expect(explainPipFailure('python3', output)).toBe(line);
});

test('every package is pinned with hashes, and no index is named', () => {
  const text = readFileSync(REQUIREMENTS, 'utf8');
  const entries = text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() && !line.startsWith('#'));
  expect(entries).toContainEqual(expect.stringMatching(/^ministack==1\.5\.33 /));
  for (const entry of entries) expect(entry).toMatch(/^[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}/);
  expect(text).not.toMatch(/https?:/);
});
