import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../command';
import { LocalFailure } from '../failure';
import { LOCAL_FOLDER } from '../places';
import type { Progress } from '../progress';

/** The packages of the emulator, each pinned with the hashes of its files. */
export const REQUIREMENTS = join(__dirname, 'requirements.txt');

const OLDEST_PYTHON = [3, 10] as const;
const CANDIDATES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];

/** A Python that can run the emulator, and the folder with the emulator's packages. */
export interface InstalledEmulator {
  readonly python: string;
  readonly packages: string;
}

export interface InstallOptions {
  readonly progress: Progress;
  readonly signal?: AbortSignal;
  /** Folder under which the packages are installed. @default .local/emulator in the checkout */
  readonly folder?: string;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Installs the emulator into the checkout, unless it is there: the folder is named after the pinned packages and the
 * Python version, and appears in one step, so that an interrupted install is done again.
 * @throws LocalFailure when there is no usable Python, no pip, or pip fails.
 */
export async function installEmulator(options: InstallOptions): Promise<InstalledEmulator> {
  const env = options.env ?? process.env;
  const { python, version } = await findPython(env, options.signal);
  const folder = options.folder ?? join(LOCAL_FOLDER, 'emulator');
  const hash = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const packages = join(folder, `${hash}-py${version}`);
  if (existsSync(packages)) return { python, packages };

  mkdirSync(folder, { recursive: true });
  removeAbandoned(folder);
  options.progress.step(`Installing the emulator into .local (once, with ${python} ${version})`);
  const partial = join(folder, `partial-${process.pid}`);
  await pipInstall(python, partial, env, options.signal);
  moveIntoPlace(partial, packages);
  return { python, packages };
}

async function findPython(env: NodeJS.ProcessEnv, signal?: AbortSignal) {
  const [major, minor] = OLDEST_PYTHON;
  const wanted = `Python ${major}.${minor} or newer`;
  const tooOld: string[] = [];
  for (const python of CANDIDATES) {
    const version = await versionOf(python, env, signal);
    if (!version) continue;
    if (version[0] === major && version[1] >= minor) return { python, version: version.join('.') };
    tooOld.push(`${python} is ${version.join('.')}`);
  }
  throw new LocalFailure(
    tooOld.length > 0
      ? `local: ${wanted} is needed for the emulator, but ${tooOld[0]}: install a newer one and run this again`
      : `local: ${wanted} is needed for the emulator, but there is no python3 on the PATH: install it and run this again`,
  );
}

async function versionOf(python: string, env: NodeJS.ProcessEnv, signal?: AbortSignal) {
  try {
    const { code, output } = await runCommand(python, ['-c', 'import sys; print(*sys.version_info[:2])'], {
      env,
      ...(signal && { signal }),
    });
    const match = code === 0 ? /(\d+) (\d+)/.exec(output) : null;
    return match ? ([Number(match[1]), Number(match[2])] as const) : undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return undefined;
  }
}

async function pipInstall(python: string, target: string, env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<void> {
  const { PYTHONDONTWRITEBYTECODE: _withBytecode, ...rest } = env;
  const { code, output } = await runCommand(
    python,
    ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '--target', target].concat([
      '--only-binary',
      ':all:',
      '--require-hashes',
      '-r',
      REQUIREMENTS,
    ]),
    { env: rest, ...(signal && { signal }) },
  );
  if (code === 0) return;
  rmSync(target, { recursive: true, force: true });
  throw new LocalFailure(explainPipFailure(python, output));
}

/** One line on why pip failed and what to do about it. */
export function explainPipFailure(python: string, output: string): string {
  if (/No module named '?pip/.test(output)) {
    return `local: ${python} has no pip: run \`${python} -m ensurepip\` (or install the package python3-pip) and run this again`;
  }
  if (/DO NOT MATCH THE HASHES|hashes are required/i.test(output)) {
    return 'local: a downloaded package does not have the pinned hash: nothing was installed; check the package index that pip uses';
  }
  if (
    /NewConnectionError|Name or service|Temporary failure|ConnectTimeout|No matching distribution|Max retries|ProxyError/.test(
      output,
    )
  ) {
    return 'local: pip cannot reach a package index: check the network (or PIP_INDEX_URL) and run this again';
  }
  const lastLine =
    output
      .trim()
      .split('\n')
      .findLast((line) => line.trim() !== '') ?? 'no output';
  return `local: pip could not install the emulator: ${lastLine.trim()}`;
}

function moveIntoPlace(partial: string, packages: string): void {
  try {
    renameSync(partial, packages);
  } catch (error) {
    // Another run has finished the same install in the meantime.
    if (!existsSync(packages)) throw error;
    rmSync(partial, { recursive: true, force: true });
  }
}

function removeAbandoned(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = /^partial-(\d+)$/.exec(name)?.[1];
    if (pid && !isAlive(Number(pid))) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
