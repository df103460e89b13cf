import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { runProgram } from '../../../cli/secrets/run-program';

const node = (script: string) => ({
  file: process.execPath,
  args: ['-e', script],
  env: { ...process.env, GIVEN: 'x' },
});

test.each([
  ['process.exit(0)', 0],
  ['process.exit(7)', 7],
  ["process.exit(process.env.GIVEN === 'x' ? 0 : 1)", 0],
  ["process.kill(process.pid, 'SIGKILL')", 137],
])('%s ends with %i', async (script, code) => {
  expect(await runProgram(node(script))).toBe(code);
});

test('a program that is not there is one clear failure', async () => {
  await expect(runProgram({ file: 'no-such-program', args: [], env: process.env })).rejects.toThrow(
    'no-such-program cannot be run: ENOENT',
  );
});

test('no listener stays behind', async () => {
  const before = process.listenerCount('SIGTERM');
  await runProgram(node(''));
  expect(process.listenerCount('SIGTERM')).toBe(before);
});

describe('signals', () => {
  /** Says when it is up and which signal it got; ends by itself only then. */
  const PROGRAM =
    "process.on('SIGTERM', () => { console.log('got SIGTERM'); process.exit(5); }); process.on('SIGINT', () => { console.log('got SIGINT'); process.exit(6); }); setInterval(() => {}, 1000); console.log('up');";
  let runner: ChildProcess;

  function start(isTerminal: boolean): void {
    const script = `
      const { runProgram } = require(${JSON.stringify(resolve('cli/secrets/run-program.ts'))});
      const program = { file: process.execPath, args: ['-e', ${JSON.stringify(PROGRAM)}], env: process.env };
      runProgram(program, ${isTerminal}).then((code) => { process.exitCode = code; });`;
    runner = spawn(process.execPath, ['--import', 'tsx', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  async function endOf(signal: NodeJS.Signals) {
    let printed = '';
    for await (const chunk of runner.stdout ?? []) {
      if (printed === '') runner.kill(signal);
      printed += chunk;
    }
    const code = runner.exitCode ?? (await once(runner, 'exit'))[0];
    return { code, printed };
  }

  test.each([
    ['SIGTERM', 5],
    ['SIGINT', 6],
  ] as const)('%s reaches the program, which decides how to end', async (signal, code) => {
    start(false);
    expect(await endOf(signal)).toEqual({ code, printed: `up\ngot ${signal}\n` });
  });

  test('SIGTERM reaches it on a terminal too, which sends no such thing', async () => {
    start(true);
    expect(await endOf('SIGTERM')).toEqual({ code: 5, printed: 'up\ngot SIGTERM\n' });
  });
});
