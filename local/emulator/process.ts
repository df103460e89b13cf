import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endGroup } from '../command';
import { LocalFailure } from '../failure';
import { CHECKOUT, type InstancePlaces } from '../places';
import type { InstalledEmulator } from './install';
import { choosePort } from './port';

const READY_WITHIN_MS = 60_000;
const POLITE_END_MS = 3_000;

/** An emulator that this process started. */
export interface RunningEmulator {
  readonly url: string;
  readonly pid: number;
  /** Settles when it ends without having been told to. */
  readonly died: Promise<LocalFailure>;
  /** Ends it and the Lambda workers it started; returns when they are gone. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly installed: InstalledEmulator;
  readonly places: InstancePlaces;
  readonly port?: number;
  readonly signal?: AbortSignal;
}

/**
 * Starts the emulator in a process group of its own and waits until it answers.
 * @throws LocalFailure when the port is taken or the emulator ends or does not answer in time.
 */
export async function startEmulator(options: StartOptions): Promise<RunningEmulator> {
  const port = await choosePort('--port', options.port);
  const child = launch(options, port);
  const url = `http://127.0.0.1:${port}`;
  let stopping = false;
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `by ${signal}` : `with exit code ${code}`));
  });
  const stop = async () => {
    stopping = true;
    await end(child, gone);
  };
  const died = new Promise<LocalFailure>((resolve) => {
    void gone.then((how) => {
      if (!stopping) resolve(new LocalFailure(describeDeath(how, options.places.emulatorLog)));
    });
  });
  try {
    await Promise.race([untilReady(url, options.signal), died.then((failure) => Promise.reject(failure))]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, pid: child.pid ?? -1, died, stop };
}

function launch({ installed, places }: StartOptions, port: number): ChildProcess {
  mkdirSync(places.temporary, { recursive: true });
  mkdirSync(dirname(places.emulatorLog), { recursive: true });
  const log = openSync(places.emulatorLog, 'w');
  return spawn(installed.python, [join(__dirname, 'launch.py')], {
    cwd: places.temporary,
    env: emulatorEnvironment(installed.packages, places.temporary, port),
    detached: true,
    // Standard input stays open for as long as this process lives: see launch.py.
    stdio: ['pipe', log, log],
  });
}

/** Only what the emulator needs: it hands its environment on to the Lambda workers. */
function emulatorEnvironment(packages: string, temporary: string, port: number): NodeJS.ProcessEnv {
  return {
    // The emulator runs functions with the first `node` on the PATH: this one, which is the Lambda runtime's major version.
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    PYTHONPATH: packages,
    PYTHONNOUSERSITE: '1',
    PYTHONUNBUFFERED: '1',
    ...(process.env.PYENV_ROOT && { PYENV_ROOT: process.env.PYENV_ROOT }),
    LANG: 'C.UTF-8',
    HOME: temporary,
    TMPDIR: temporary,
    S3_DATA_DIR: join(temporary, 's3'),
    // A worker of the emulator itself uses `url.parse`; its warning would land in the functions' log groups.
    NODE_OPTIONS: '--disable-warning=DEP0169',
    GATEWAY_PORT: String(port),
    BIND_HOST: '127.0.0.1',
    MINISTACK_HOST: '127.0.0.1',
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
  };
}

async function untilReady(url: string, signal?: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadline) {
    signal?.throwIfAborted();
    const answer = await fetch(`${url}/_ministack/ready`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(50);
  }
  throw new LocalFailure(`local: the emulator did not answer within ${READY_WITHIN_MS / 1000} s`);
}

async function end(child: ChildProcess, gone: Promise<string>): Promise<void> {
  if (child.pid === undefined) return;
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    await Promise.race([gone, sleep(POLITE_END_MS, undefined, { ref: false })]);
  }
  // Whatever is left of the group: the emulator itself, or Lambda workers in the middle of a call.
  endGroup(child, 'SIGKILL');
  await gone;
}

function describeDeath(how: string, log: string): string {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  const lastLine = lines.findLast((line) => line.trim() !== '')?.trim();
  return `local: the emulator ended ${how}${lastLine ? ` ("${lastLine.slice(0, 160)}")` : ''}; its log is ${relative(CHECKOUT, log)}`;
}
