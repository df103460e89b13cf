import { execFile } from 'node:child_process';
import path from 'node:path';

const CHECKOUT = path.join(__dirname, '..', '..');

/** Runs the command as a person does: in a process of its own, whose code no test runner has changed. */
function promises(
  ...args: string[]
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const script = ['--import', 'tsx', path.join(CHECKOUT, 'test', 'promises', 'main.ts'), ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, script, { cwd: CHECKOUT }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

describe('the drills in virtual time hold in their small form', () => {
  test.each(['P1', 'P2', 'P3', 'P4'])(
    '%s',
    async (promise) => {
      const { code, stdout, stderr } = await promises(promise, '--simulated', '--json');
      const result = JSON.parse(stdout || '{}');
      expect({ code, stderr, result }).toMatchObject({ code: 0, result: { promise, holds: true } });
      expect(Object.keys(result)).toEqual(['promise', 'measured', 'goal', 'holds', 'seconds']);
    },
    480_000,
  );
});

test('an unknown promise is wrong usage, in one line', async () => {
  const { code, stderr } = await promises('P0');
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: 'promises: there is no drill for P0; there is one for: P1, P2, P3, P4\n',
  });
});
