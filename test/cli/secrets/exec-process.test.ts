import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetWebIdentityTokenCommand } from '@aws-sdk/client-sts';
import { runProgram } from '../../../cli/secrets/run-program';
import { IdentityIssuer } from '../../../local/doubles/identity-issuer';
import { startTokenEndpoints, type TokenEndpoints } from '../../../local/doubles/token-endpoints';
import { CloudDouble } from '../doubles/cloud';

const AUDIENCE = 'https://api.example.test';
const issuer = new IdentityIssuer();
const names = {
  federationRuleId: 'fdrl_people',
  organizationId: '6f1c7a52-5d1a-4a53-9a1b-2f3c4d5e6f70',
  serviceAccountId: 'svac_people',
  identityProviderId: 'idp_people',
};

/** Says what it was given by its fingerprint, and what of the process list anybody can read. */
const PROGRAM = `
  const { createHash } = require('node:crypto');
  const { existsSync, readFileSync, writeFileSync } = require('node:fs');
  const read = (pid) => { const file = '/proc/' + pid + '/cmdline'; return existsSync(file) ? readFileSync(file, 'utf8') : ''; };
  const { ANTHROPIC_AUTH_TOKEN: token = '', ANTHROPIC_API_KEY: key = '' } = process.env;
  const fingerprint = createHash('sha256').update(token + key).digest('hex');
  const lines = read(process.pid) + read(process.ppid) + process.argv.join(' ');
  writeFileSync(process.argv[1], JSON.stringify({ fingerprint, lines }));
`;

let endpoints: TokenEndpoints;
let cloud: CloudDouble;
let folder: string;
let home: { readonly [name: string]: string | undefined };

beforeAll(async () => {
  endpoints = await startTokenEndpoints({ issuer, audience: AUDIENCE, ...names });
});
afterAll(() => endpoints.stop());
beforeEach(() => {
  cloud = new CloudDouble();
  cloud.runProgram = (program) => runProgram(program, false);
  folder = mkdtempSync(join(tmpdir(), 'bulwark-exec-'));
  home = { HOME: process.env.HOME, TMPDIR: process.env.TMPDIR };
  Object.assign(process.env, { HOME: folder, TMPDIR: folder });
});
afterEach(() => {
  for (const [name, value] of Object.entries(home)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  rmSync(folder, { recursive: true });
});

const fingerprintOf = (value: string) => createHash('sha256').update(value).digest('hex');

/** Runs the program, and tells what it saw and all that the command has said, asked or written. */
async function run() {
  const report = join(folder, 'report');
  const { code, printed, errors } = await cloud.bulwark(
    'secrets',
    'exec',
    '--',
    process.execPath,
    '-e',
    PROGRAM,
    report,
  );
  expect(code).toBe(0);
  const { fingerprint, lines } = JSON.parse(readFileSync(report, 'utf8'));
  const asked = [cloud.sts, cloud.secrets.mock, cloud.lambda, cloud.stacks, cloud.tables].flatMap((mock) =>
    mock.calls().map(({ args }) => args[0].input),
  );
  const said = JSON.stringify([printed, errors, lines, asked, cloud.audit, process.env, process.argv]);
  return { fingerprint, said, files: readdirSync(folder) };
}

test('a token is in the environment of the program, and in nothing else that anybody can read', async () => {
  cloud.developerFederation = JSON.stringify({
    identity: { audience: AUDIENCE, lifetimeSeconds: 300, signingAlgorithm: 'RS256' },
    endpoint: { provider: 'anthropic', tokenUrl: endpoints.anthropicUrl, ...names },
  });
  const identity = issuer.token({ aud: AUDIENCE });
  cloud.sts.on(GetWebIdentityTokenCommand).resolves({ WebIdentityToken: identity });
  const { fingerprint, said, files } = await run();

  const token = endpoints.issued.at(-1) ?? '';
  expect(fingerprint).toBe(fingerprintOf(token));
  for (const secret of [token, identity]) expect(said).not.toContain(secret);
  expect(files).toEqual(['report']);
});

test('so is a stored key', async () => {
  const key = randomBytes(16).toString('hex');
  cloud.rotates = false;
  cloud.secrets.version('v1', ['AWSCURRENT'], { value: JSON.stringify({ apiKey: key }) });
  const { fingerprint, said, files } = await run();

  expect(fingerprint).toBe(fingerprintOf(key));
  expect(said).not.toContain(key);
  expect(files).toEqual(['report']);
});
