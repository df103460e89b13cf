import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STAND_INS, standIn } from '../../../local/emulator-gaps/stand-ins';

let assembly: string;

beforeEach(() => {
  assembly = mkdtempSync(join(tmpdir(), 'assembly-'));
});

afterEach(() => {
  rmSync(assembly, { recursive: true });
});

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const read = (file: string): string => readFileSync(join(assembly, file), 'utf8');

function write(resources: Readonly<Record<string, object>>): string {
  const template = JSON.stringify({ Resources: resources });
  writeFileSync(join(assembly, 'data.template.json'), template);
  writeFileSync(join(assembly, 'data.assets.json'), JSON.stringify({ files: { [hashOf(template)]: {} } }));
  writeFileSync(join(assembly, 'manifest.json'), JSON.stringify({ template: `${hashOf(template)}.json` }));
  return hashOf(template);
}

const plain = { Type: 'AWS::CloudWatch::Alarm', Properties: { MetricName: 'Errors' } };
const math = { Type: 'AWS::CloudWatch::Alarm', Properties: { Metrics: [{ Id: 'e', Expression: 'a + b' }] } };

test('replaces an alarm on an expression and nothing else, and tells of it', () => {
  write({ Plain: plain, Math: math });
  expect(standIn(assembly)).toEqual({ 'math-alarm': ['Math'] });
  expect(JSON.parse(read('data.template.json')).Resources).toEqual({
    Plain: plain,
    Math: { Type: 'AWS::CloudFormation::WaitConditionHandle' },
  });
});

test('replaces what the emulator does not know of secrets, and leaves the secrets themselves', () => {
  const secret = { Type: 'AWS::SecretsManager::Secret' };
  write({
    Secret: secret,
    Rotation: { Type: 'AWS::SecretsManager::RotationSchedule' },
    Policy: { Type: 'AWS::SecretsManager::ResourcePolicy' },
  });
  expect(standIn(assembly)).toEqual({ 'rotation-schedule': ['Rotation'], 'secret-policy': ['Policy'] });
  expect(JSON.parse(read('data.template.json')).Resources.Secret).toEqual(secret);
});

test('replaces a budget and its action, and leaves the policy that the action would attach', () => {
  const policy = { Type: 'AWS::IAM::ManagedPolicy' };
  write({ Budget: { Type: 'AWS::Budgets::Budget' }, Action: { Type: 'AWS::Budgets::BudgetsAction' }, Denial: policy });
  expect(standIn(assembly)).toEqual({ budget: ['Budget', 'Action'] });
  expect(JSON.parse(read('data.template.json')).Resources.Denial).toEqual(policy);
});

test('replaces what stands between a web ACL and the API, and leaves the web ACL itself', () => {
  const acl = { Type: 'AWS::WAFv2::WebACL', Properties: { Scope: 'REGIONAL' } };
  write({
    Acl: acl,
    Before: { Type: 'AWS::WAFv2::WebACLAssociation' },
    Logging: { Type: 'AWS::WAFv2::LoggingConfiguration' },
  });
  expect(standIn(assembly)).toEqual({ 'web-acl-association': ['Before'], 'web-acl-log': ['Logging'] });
  expect(JSON.parse(read('data.template.json')).Resources.Acl).toEqual(acl);
});

test('publishes the changed template under the hash of what it is now', () => {
  const before = write({ Math: math });
  standIn(assembly);
  const after = hashOf(read('data.template.json'));
  for (const file of ['data.assets.json', 'manifest.json']) {
    expect(read(file)).toContain(after);
    expect(read(file)).not.toContain(before);
  }
});

test('a second run changes nothing', () => {
  write({ Plain: plain, Math: math });
  standIn(assembly);
  const once = read('data.template.json');
  expect(standIn(assembly)).toEqual({});
  expect(read('data.template.json')).toBe(once);
});

test('every stand-in has a name of its own and says why it is there', () => {
  expect(new Set(STAND_INS.map(({ name }) => name)).size).toBe(STAND_INS.length);
  for (const { name, reason } of STAND_INS) {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(reason.length).toBeGreaterThan(30);
  }
});
