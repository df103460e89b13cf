import { CommandFailure } from '../../cli/failure';
import { runBulwark } from '../../cli/main';

async function bulwark(...args: string[]) {
  const printed: string[] = [];
  const errors: string[] = [];
  const code = await runBulwark(args, {
    print: (line) => printed.push(line),
    printError: (line) => errors.push(line),
  });
  return { code, printed, errors };
}

test('--help lists the commands, the options and the exit codes', async () => {
  const { code, printed } = await bulwark('--help');
  expect(code).toBe(0);
  expect(printed.join('\n')).toMatch(/clients create[\s\S]*clients revoke[\s\S]*--endpoint[\s\S]*Exit codes/);
});

test('--help works after a command too', async () => {
  expect((await bulwark('clients', 'create', '--help')).code).toBe(0);
});

test('no command at all is wrong usage, answered with the help', async () => {
  const { code, printed } = await bulwark();
  expect([code, printed[0]]).toEqual([2, expect.stringMatching(/^Usage: bulwark/)]);
});

test.each([
  [['clients', 'delete'], '`clients` must be followed by one of create, list, rotate, revoke, set-plan'],
  [['secrets'], '`secrets` must be followed by one of status, rotate, revoke, put, exec'],
  [['secrets', 'put', 'value-of-a-key'], '`secrets put` must be followed by one of upstream, admin, pool'],
  [['secrets', 'put', 'upstream', 'value-of-a-key'], '`secrets put upstream` takes no more words'],
  [['frobnicate', 'value-of-a-key'], 'there is no command `frobnicate`'],
  ...[['node', '-e', '1'], ['npm', 'run', 'dev'], []].map((program): [string[], string] => [
    ['secrets', 'exec', '--env', 'dev', ...program],
    'a program is needed after `--`, as in `secrets exec --env dev -- npm run dev`',
  ]),
  [['clients', 'create', '--name', 'x'], '`--env` is needed'],
  [['clients', 'create', '--env', 'dev'], '`--name` is needed'],
  [['clients', 'create', '--env', 'dev', '--name', ' '], '`--name` is needed'],
  [
    ['clients', 'create', '--env', 'dev', '--name', 'x'.repeat(129)],
    '`--name` must be at most 128 characters, got: 129',
  ],
  [['clients', 'create', '--env', 'dev', '--name', 'x', '--endpoint', 'y'], '`--endpoint` must be an address, got: y'],
  [['clients', 'revoke', '--env', 'dev'], '`--client` is needed'],
  [
    ['clients', 'revoke', '--env', 'dev', '--client', 'ABC'],
    '`--client` must be 16 lower-case letters and digits, the id of a client and not its key',
  ],
  [['clients', 'create', '--color'], "Unknown option '--color'"],
])('%j is wrong usage: one line, exit code 2', async (args, message) => {
  expect(await bulwark(...args)).toEqual({
    code: 2,
    printed: [],
    errors: [`bulwark: ${message} (--help lists the commands)`],
  });
});

test('a failure keeps its name', () => {
  expect(new CommandFailure('x')).toMatchObject({ name: 'CommandFailure', message: 'x' });
});
