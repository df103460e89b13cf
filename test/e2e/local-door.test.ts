import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHECKOUT, placesOf } from '../../local/places';
import { livingProcessesOf } from '../local/process-group';

interface Run {
  readonly child: ChildProcess;
  readonly instance: string;
  /** Everything printed so far. */
  stdout: string;
  stderr: string;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

const runs: Run[] = [];
let count = 0;

/** Runs `local/main.ts` as `npm run local` does. */
function startLocal(...args: string[]): Run {
  return startLocalIn(process.env, ...args);
}

function startLocalIn(env: NodeJS.ProcessEnv, ...args: string[]): Run {
  count += 1;
  const instance = `door-${count}`;
  const script = ['--import', 'tsx', join(CHECKOUT, 'local', 'main.ts'), '--instance', instance];
  const child = spawn(process.execPath, [...script, ...args], {
    cwd: CHECKOUT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  const run: Run = { child, instance, stdout: '', stderr: '', ended };
  child.stdout.on('data', (chunk) => {
    run.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    run.stderr += chunk;
  });
  runs.push(run);
  return run;
}

async function untilPrinted(run: Run, text: string): Promise<void> {
  for (let attempt = 0; attempt < 600 && !run.stdout.includes(text); attempt += 1) await sleep(100);
  expect(run.stdout).toContain(text);
}

async function emulatorOf(run: Run): Promise<number> {
  await untilPrinted(run, 'Started the emulator');
  return Number(/\(process (\d+)\)/.exec(run.stdout)?.[1]);
}

/** Waits for the emulator's group to end: itself, and the Lambda workers. */
async function expectGroupGone(groupId: number): Promise<void> {
  for (let attempt = 0; attempt < 50 && livingProcessesOf(groupId).length > 0; attempt += 1) await sleep(100);
  expect(livingProcessesOf(groupId)).toEqual([]);
}

async function expectNothingLeft(run: Run, emulator: number): Promise<void> {
  await expectGroupGone(emulator);
  expect(existsSync(placesOf(run.instance).lock)).toBe(false);
  expect(existsSync(placesOf(run.instance).work)).toBe(false);
}

afterAll(() => {
  for (const { child } of runs) if (child.exitCode === null) child.kill('SIGKILL');
});

test('three jobs go through; then a second start is refused, and Ctrl-C leaves nothing behind', async () => {
  const run = startLocal();
  const emulator = await emulatorOf(run);
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(run.stdout)?.[1]);
  const beside = startLocal('--port', String(port));
  const second = startLocal('--instance', run.instance);
  expect(await beside.ended).toBe(1);
  expect(beside.stderr).toBe(`local: port ${port} is taken: choose another with --port, or leave it out\n`);
  expect(await second.ended).toBe(1);
  expect(second.stderr).toMatch(/^local: it runs already, as process \d+: end that one with Ctrl-C first\n$/);

  await untilPrinted(run, 'Ctrl-C ends it');
  expect(run.stdout).toContain('completion: A bulwark is a wall');
  expect(run.stdout).toMatch(/refused-twice: succeeded after [\d.]+ s and 3 upstream calls/);
  expect(run.stdout).toContain('its message is in the dead-letter queue; reason: upstream-error');
  const line = /^curl .*\/v1\/jobs\/job_.*$/m.exec(run.stdout)?.[0] ?? '';
  const [, url = '', authorization = ''] = /'(\S+)' -H 'authorization: (.*)'/.exec(line) ?? [];
  expect((await fetch(url, { headers: { authorization } })).status).toBe(200);

  run.child.kill('SIGINT');
  expect(await run.ended).toBe(0);
  expect(run.stderr).toBe('');
  await expectNothingLeft(run, emulator);
});

test('Ctrl-C in the middle of the deploy ends with 130 and leaves nothing behind', async () => {
  const run = startLocal('--once');
  const emulator = await emulatorOf(run);
  run.child.kill('SIGINT');
  expect(await run.ended).toBe(130);
  expect(run.stderr).toBe('local: ended by SIGINT\n');
  await expectNothingLeft(run, emulator);
});

test('an emulator that dies is one clear line and exit code 1', async () => {
  const run = startLocal('--once');
  const emulator = await emulatorOf(run);
  await untilPrinted(run, 'good: accepted');
  process.kill(emulator, 'SIGKILL');
  expect(await run.ended).toBe(1);
  expect(run.stderr).toMatch(
    /^local: the emulator ended by SIGKILL.*; its log is \.local\/logs\/door-\d+-emulator\.log\n$/,
  );
  await expectNothingLeft(run, emulator);
});

test('a killed run takes its emulator with it, and the next start takes over what it left', async () => {
  const run = startLocal('--once');
  const emulator = await emulatorOf(run);
  await untilPrinted(run, 'poisoned: accepted');
  run.child.kill('SIGKILL');
  expect(await run.ended).toBe('SIGKILL');
  await expectGroupGone(emulator);

  const next = startLocal('--check-gaps', '--instance', run.instance);
  expect(await next.ended).toBe(0);
  expect(next.stdout).toMatch(/^time-to-live: ([1-9]\d*) of \1 resources filled here\./m);
  expect(existsSync(placesOf(run.instance).lock)).toBe(false);
});

test('without a Python it is one clear line and exit code 1, and the synthesis that ran beside is ended', async () => {
  const run = startLocalIn({ ...process.env, PATH: '/nonexistent' }, '--once');
  expect(await run.ended).toBe(1);
  expect(run.stderr).toMatch(/^local: Python 3\.10 or newer is needed for the emulator, .*\n$/);
  const processes = execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' });
  expect(processes).not.toContain(placesOf(run.instance).work);
  expect(existsSync(placesOf(run.instance).lock)).toBe(false);
});

test('a usage error is one line and exit code 2', async () => {
  const run = startLocal('--twice');
  expect(await run.ended).toBe(2);
  expect(run.stderr).toBe("local: Unknown option '--twice' (--help lists the options)\n");
  expect(run.stdout).toBe('');
});
