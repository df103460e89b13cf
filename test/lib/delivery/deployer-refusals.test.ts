import { CfnParameter, Duration, type Stack } from 'aws-cdk-lib';
import type { GithubDeployerProps, GithubEnvironment, GithubSubjectFormat } from '../../../lib';
import { deployIn, importedProvider, newStack, roleIn } from './deployer-scene';

let stack: Stack;

beforeEach(() => {
  stack = newStack();
});

const deploy = (changes?: Partial<GithubDeployerProps>, id?: string) => deployIn(stack, changes, id);

/** Props, and what the message says of them. */
type Refused = [changes: Partial<GithubDeployerProps>, problem: string];

describe('GithubDeployer refuses', () => {
  const OWNER = '`owner` must be 1 to 39 letters, digits, `-` and `_`, beginning with a letter or digit, got: ';
  const REPO = '`repo` must be 1 to 100 letters, digits, `-`, `_` and `.`, without the owner, got: ';
  const id = (prop: string) => `\`${prop}\` must be an id of GitHub: digits, not beginning with 0, got: `;
  const NAME =
    '`environments[0].name` must be 1 to 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit, got: ';

  test.each<Refused>([
    ...['', '*', 'acme*', 'ac:me', 'acme/shop', 'acme@1001', '-acme', 'a'.repeat(40), 'ac me', 'acme\n'].map<Refused>(
      (owner) => [{ owner }, OWNER + owner],
    ),
    ...['', '*', 'sho?', 'shop:environment:prod', 'acme/shop', 'shop@2002', '.', '..', 'a'.repeat(101)].map<Refused>(
      (repo) => [{ repo }, REPO + repo],
    ),
    ...['', '*', '0', '01', '-1', '1.5', '1e3', 'acme', '1:2', ' 1', '1'.repeat(21)].flatMap<Refused>((value) => [
      [{ ownerId: value }, id('ownerId') + value],
      [{ repoId: value }, id('repoId') + value],
    ]),
    ...['', '*', 'prod*', 'prod:x', 'prod/eu', 'eu prod', '-prod', '.', 'a'.repeat(65)].map<Refused>((name) => [
      { environments: [{ name }] },
      NAME + name,
    ]),
  ])('%j', (changes, problem) => {
    expect(() => deploy(changes)).toThrow(`delivery/Github: ${problem}`);
  });

  test.each<[Partial<GithubEnvironment>, string]>([
    [{ account: '1234' }, '`environments[0].account` must be 12 digits, got: 1234'],
    [{ account: '*' }, '`environments[0].account` must be 12 digits, got: *'],
    [{ regions: [] }, '`environments[0].regions` must have at least one Region, got: none'],
    [{ regions: ['eu-west-1', '*'] }, '`environments[0].regions[1]` must be like `eu-west-1`, got: *'],
    [{ qualifier: '*' }, '`environments[0].qualifier` must be 1 to 10 letters, digits, `-` and `_`, got: *'],
    [
      { qualifier: 'elevenchars' },
      '`environments[0].qualifier` must be 1 to 10 letters, digits, `-` and `_`, got: elevenchars',
    ],
  ])('an environment with %j', (changes, problem) => {
    expect(() => deploy({ environments: [{ name: 'prod', ...changes }] })).toThrow(`delivery/Github: ${problem}`);
  });

  test.each([
    ['prod', 'Prod'],
    ['eu-prod', 'eu.prod'],
  ])('the names %s and %s beside each other', (...names) => {
    expect(() => deploy({ environments: names.map((name) => ({ name })) })).toThrow(
      `\`environments\` must have names that differ in their letters or digits, whatever the case, got: ${names.join(', ')}`,
    );
  });

  test.each([
    [Duration.minutes(59), 3540],
    [Duration.seconds(43_201), 43_201],
  ])('sessions of %s', (maxSession, seconds) => {
    expect(() => deploy({ maxSession })).toThrow(
      `\`maxSession\` must be an integer between 3600 and 43200, got: ${seconds}`,
    );
  });

  test('a format that is none', () => {
    expect(() => deploy({ subjectFormat: '*' as GithubSubjectFormat })).toThrow(
      '`subjectFormat` must be one of immutable, legacy, both, got: *',
    );
  });

  test('the provider of somebody else', () => {
    const arn = 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com.evil.example';

    expect(() => deploy({ provider: importedProvider(stack, arn) })).toThrow(
      `\`provider\` must be the one for \`token.actions.githubusercontent.com\`, got: ${arn}`,
    );
  });

  test('an identity that is known only at deployment', () => {
    const { valueAsString } = new CfnParameter(stack, 'Anybody');

    expect(() => deploy({ repoId: valueAsString })).toThrow(`${id('repoId')}a value known only at deployment`);
  });

  test('everything at once, in one message', () => {
    expect(() => deploy({ owner: '*', ownerId: 'x', repo: '*', repoId: 'y', environments: [] })).toThrow(
      `delivery/Github: ${[
        `${OWNER}*`,
        `${id('ownerId')}x`,
        `${REPO}*`,
        `${id('repoId')}y`,
        '`environments` must have at least one environment, got: none',
      ].join('; ')}`,
    );
  });

  test.each([
    [Duration.hours(1), 3600],
    [Duration.hours(12), 43_200],
  ])('but not sessions of %s', (maxSession, seconds) => {
    expect(roleIn(stack, deploy({ maxSession }).roleOf('prod')).seconds).toBe(seconds);
  });
});
