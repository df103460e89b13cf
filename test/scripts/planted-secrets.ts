import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { makeClientKey } from '../../lib/contract/client-keys';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const AWS_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

const random = (length: number): string =>
  Array.from(randomBytes(length), (byte) => LETTERS[byte % LETTERS.length]).join('');

const digits = (length: number): string => Array.from(randomBytes(length), (byte) => String(byte % 10)).join('');

const pem = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()
    .trim();

/** Makes a secret that nobody ever had, of the shape that its issuer gives it. */
export const SECRETS: Readonly<Record<string, () => string>> = {
  'bulwark-client-key': () => makeClientKey('dev', random(16).toLowerCase(), randomBytes(32)),
  'anthropic/ANTHROPIC_API_KEY': () => `sk-ant-api03-${random(93)}AA`,
  'anthropic-admin-key': () => `sk-ant-admin01-${random(93)}AA`,
  'anthropic-access-token': () => `sk-ant-oat01-${random(80)}`,
  'openai/OPENAI_TOKEN': () => `sk-proj-${random(74)}T3BlbkFJ${random(74)}`,
  'openai-key': () => `sk-svcacct-${random(60)}`,
  'github/GITHUB_TOKEN': () => `ghp_${random(36)}`,
  'aws/AWSSecretAccessKey': () => `aws_secret_access_key = ${random(40)}`,
  'aws-access-key-id': () => `AKIA${Array.from(randomBytes(16), (byte) => AWS_LETTERS[byte % 32]).join('')}`,
  'slack/SLACK_TOKEN': () => `xoxb-${digits(12)}-${digits(12)}-${random(24)}`,
  'privatekey/PrivateKey': pem,
  'npm/NPM_ACCESS_TOKEN': () => `npm_${random(36)}`,
  'database-connection-string/PostgreSQLConnection': () => `postgres://app:${random(20)}@db.example.org:5432/app`,
};
