import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../local/command';
import { livingProcessesOf } from './process-group';

const node = (script: string) => [process.execPath, ['-e', script]] as const;

test('collects the output of both streams, line by line, and the exit code', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-command-'));
  const log = join(folder, 'logs', 'x.log');
  const lines: string[] = [];
  const [command, args] = node('console.log("one\\ntwo"); process.exitCode = 3;');
  const result = await runCommand(command, args, { log, onLine: (line) => lines.push(line) });
  expect(result).toEqual({ code: 3, output: 'one\ntwo\n' });
  expect(lines).toEqual(['one', 'two']);
  expect(readFileSync(log, 'utf8')).toBe('one\ntwo\n');
  rmSync(folder, { recursive: true });
});

test('an abort ends the command with everything that it started, and throws the reason', async () => {
  const interruption = new AbortController();
  const reason = new Error('enough');
  let group = 0;
  const [command, args] = node(
    'require("node:child_process").spawn("sleep", ["60"]); console.log(process.pid); setInterval(() => {}, 1000);',
  );
  const running = runCommand(command, args, {
    signal: interruption.signal,
    onLine: (line) => {
      group = Number(line);
      interruption.abort(reason);
    },
  });
  await expect(running).rejects.toBe(reason);
  expect(group).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(livingProcessesOf(group)).toEqual([]);
});

test('a command that is not there is the error of the system', async () => {
  await expect(runCommand('/no/such/command', [])).rejects.toMatchObject({ code: 'ENOENT' });
});
