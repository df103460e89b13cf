import { parseLocalArguments } from '../../local/arguments';
import { UsageError } from '../../local/failure';

test('without arguments: stays up, on a free port, as the run `local`', () => {
  expect(parseLocalArguments([])).toEqual({
    once: false,
    keep: false,
    json: false,
    help: false,
    checkGaps: false,
    instance: 'local',
  });
});

test('reads every option', () => {
  const args = ['--once', '--keep', '--json', '--instance', 'two', '--upstream-port', '4601'];
  expect(
    parseLocalArguments([
      ...args,
      '--endpoint',
      'https://emulator.example:4566/',
      '--upstream',
      'https://tunnel.example',
    ]),
  ).toEqual({
    once: true,
    keep: true,
    json: true,
    help: false,
    checkGaps: false,
    instance: 'two',
    upstreamPort: 4601,
    endpoint: 'https://emulator.example:4566',
    upstream: 'https://tunnel.example',
  });
});

test.each([['1'], ['65535']])('takes port %s', (port) => {
  expect(parseLocalArguments(['--port', port]).port).toBe(Number(port));
});

test.each([
  [['--twice'], "local: Unknown option '--twice' (--help lists the options)"],
  [['--port'], "local: Option '--port <value>' argument missing (--help lists the options)"],
  [['--port', '0'], 'local: `--port` must be a whole number from 1 to 65535, got: 0 (--help lists the options)'],
  [
    ['--port', '65536'],
    'local: `--port` must be a whole number from 1 to 65535, got: 65536 (--help lists the options)',
  ],
  [['--port', 'x'], 'local: `--port` must be a whole number from 1 to 65535, got: x (--help lists the options)'],
  [
    ['--endpoint', 'ftp://x'],
    'local: `--endpoint` must be an http or https address, got: ftp://x (--help lists the options)',
  ],
  [['--upstream', 'http://x'], 'local: `--upstream` needs `--endpoint` (--help lists the options)'],
  [
    ['--endpoint', 'http://127.0.0.1:4566', '--check-gaps'],
    'local: `--check-gaps` needs a fresh emulator, so no `--endpoint` (--help lists the options)',
  ],
  [
    ['--endpoint', 'https://cloudformation.eu-west-1.amazonaws.com', '--upstream', 'https://tunnel.example'],
    'local: `--account` must be 12 digits when the endpoint is AWS itself, and is for nothing else (--help lists the options)',
  ],
  [
    ['--endpoint', 'http://127.0.0.1:4566', '--account', '111122223333'],
    'local: `--account` must be 12 digits when the endpoint is AWS itself, and is for nothing else (--help lists the options)',
  ],
  [['--json'], 'local: `--json` needs `--once` (--help lists the options)'],
  [
    ['--instance', '../x'],
    'local: `--instance` must be a short name in lower case, got: ../x (--help lists the options)',
  ],
  [
    ['--endpoint', 'http://127.0.0.1:4566', '--port', '4567'],
    'local: `--port` is the port of an emulator that `--endpoint` does not start (--help lists the options)',
  ],
  [
    ['--endpoint', 'https://emulator.example'],
    'local: `--upstream` is needed, because https://emulator.example is on another machine (--help lists the options)',
  ],
])('refuses %j in one line', (args, message) => {
  expect(() => parseLocalArguments(args)).toThrow(new UsageError(message));
});
