import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { GithubDeployer, GithubSubjectFormat } from '../../../lib';
import { admits, type TrustStatement } from './trust';

const AUDIENCE = 'sts.amazonaws.com';

const IMMUTABLE = 'repo:acme@1001/shop@2002';
const LEGACY = 'repo:acme/shop';

/** Which role lets a subject in: `prod`, `dev`, `diff`, or none of them. */
type Door = 'prod' | 'dev' | 'diff' | 'none';

/** Subjects: what somebody may present, and the role that it opens under the immutable and the legacy format. */
const SUBJECTS: readonly [subject: string, immutable: Door, legacy: Door][] = [
  // What is meant.
  [`${IMMUTABLE}:environment:prod`, 'prod', 'none'],
  [`${IMMUTABLE}:environment:dev`, 'dev', 'none'],
  [`${IMMUTABLE}:pull_request`, 'diff', 'none'],
  [`${LEGACY}:environment:prod`, 'none', 'prod'],
  [`${LEGACY}:environment:dev`, 'none', 'dev'],
  [`${LEGACY}:pull_request`, 'none', 'diff'],
  // Branches and tags, also those that are named after what is meant.
  [`${IMMUTABLE}:ref:refs/heads/main`, 'none', 'none'],
  [`${IMMUTABLE}:ref:refs/heads/prod`, 'none', 'none'],
  [`${IMMUTABLE}:ref:refs/heads/environment:prod`, 'none', 'none'],
  [`${IMMUTABLE}:ref:refs/heads/pull_request`, 'none', 'none'],
  [`${IMMUTABLE}:ref:refs/tags/v1.0.0`, 'none', 'none'],
  [`${IMMUTABLE}:ref:refs/tags/prod`, 'none', 'none'],
  [`${IMMUTABLE}:ref:refs/pull/7/merge`, 'none', 'none'],
  [`${LEGACY}:ref:refs/heads/main`, 'none', 'none'],
  [`${LEGACY}:ref:refs/tags/v1.0.0`, 'none', 'none'],
  [`${LEGACY}:ref:refs/pull/7/merge`, 'none', 'none'],
  // Other environments, and names that begin or end alike.
  [`${IMMUTABLE}:environment:staging`, 'none', 'none'],
  [`${IMMUTABLE}:environment:production`, 'none', 'none'],
  [`${IMMUTABLE}:environment:prod-eu`, 'none', 'none'],
  [`${IMMUTABLE}:environment:preprod`, 'none', 'none'],
  [`${IMMUTABLE}:environment:pull_request`, 'none', 'none'],
  [`${IMMUTABLE}:environment:`, 'none', 'none'],
  [`${IMMUTABLE}:environment:prod:ref:refs/heads/main`, 'none', 'none'],
  [`${IMMUTABLE}:environment:dev%3Aenvironment%3Aprod`, 'none', 'none'],
  [`${LEGACY}:environment:prod-eu`, 'none', 'none'],
  // Case: GitHub itself sends the name as it was made.
  [`${IMMUTABLE}:environment:Prod`, 'none', 'none'],
  [`${IMMUTABLE}:environment:PROD`, 'none', 'none'],
  ['repo:Acme@1001/shop@2002:environment:prod', 'none', 'none'],
  ['repo:acme@1001/Shop@2002:environment:prod', 'none', 'none'],
  [`${IMMUTABLE}:PULL_REQUEST`, 'none', 'none'],
  ['REPO:acme@1001/shop@2002:environment:prod', 'none', 'none'],
  // Forks, and other owners of a repository of the same name.
  ['repo:mallory@6666/shop@7777:environment:prod', 'none', 'none'],
  ['repo:mallory@6666/shop@7777:pull_request', 'none', 'none'],
  ['repo:mallory/shop:environment:prod', 'none', 'none'],
  ['repo:mallory/shop:pull_request', 'none', 'none'],
  ['repo:acme@1001/shop-fork@3003:environment:prod', 'none', 'none'],
  // Names that changed hands: the same names under other ids.
  ['repo:acme@6666/shop@7777:environment:prod', 'none', 'none'],
  ['repo:acme@1001/shop@7777:environment:prod', 'none', 'none'],
  ['repo:acme@6666/shop@2002:environment:prod', 'none', 'none'],
  ['repo:acme@6666/shop@7777:pull_request', 'none', 'none'],
  ['repo:acme@2002/shop@1001:environment:prod', 'none', 'none'],
  ['repo:acme@1001/shop:environment:prod', 'none', 'none'],
  ['repo:acme/shop@2002:environment:prod', 'none', 'none'],
  // Wildcards: characters like any other.
  ['repo:acme@1001/*:environment:prod', 'none', 'none'],
  ['repo:*', 'none', 'none'],
  ['*', 'none', 'none'],
  [`${IMMUTABLE}:environment:*`, 'none', 'none'],
  [`${IMMUTABLE}:*`, 'none', 'none'],
  [`${IMMUTABLE}:environment:pro?`, 'none', 'none'],
  ['repo:acme@1001/sho?@2002:environment:prod', 'none', 'none'],
  // Something before, after or within.
  [`x${IMMUTABLE}:environment:prod`, 'none', 'none'],
  [` ${IMMUTABLE}:environment:prod`, 'none', 'none'],
  [`${IMMUTABLE}:environment:prod `, 'none', 'none'],
  [`${IMMUTABLE}:environment:prod\n`, 'none', 'none'],
  [`${IMMUTABLE}:environment:prod:pull_request`, 'none', 'none'],
  [`${IMMUTABLE}:pull_request:environment:prod`, 'none', 'none'],
  [`org:acme@1001:${IMMUTABLE}:environment:prod`, 'none', 'none'],
  ['repo:acme@10011/shop@2002:environment:prod', 'none', 'none'],
  ['repo:acme@1001/shop@20022:environment:prod', 'none', 'none'],
  [IMMUTABLE, 'none', 'none'],
  [LEGACY, 'none', 'none'],
  ['', 'none', 'none'],
  // Customised subjects, and other parts of GitHub.
  ['repository_id:2002:environment:prod', 'none', 'none'],
  ['repository_owner_id:1001:environment:prod', 'none', 'none'],
  [`${IMMUTABLE}:environment:prod:job_workflow_ref:acme/shop/.github/workflows/x.yml@refs/heads/x`, 'none', 'none'],
  ['enterprise:acme:environment:prod', 'none', 'none'],
  // The ids glued to the names, as if to be read as the legacy form.
  ['repo:acme-1001/shop-2002:environment:prod', 'none', 'none'],
];

const trusts = {
  immutable: trustsOf(GithubSubjectFormat.IMMUTABLE),
  legacy: trustsOf(GithubSubjectFormat.LEGACY),
  both: trustsOf(GithubSubjectFormat.BOTH),
};

test('the table has every subject once, and enough of them', () => {
  expect(new Set(SUBJECTS.map(([subject]) => subject)).size).toBe(SUBJECTS.length);
  expect(SUBJECTS.length).toBeGreaterThanOrEqual(60);
});

test.each(SUBJECTS)('%j opens what it should: immutable %s, legacy %s', (subject, immutable, legacy) => {
  expect(doorsOf(trusts.immutable, subject)).toEqual(immutable === 'none' ? [] : [immutable]);
  expect(doorsOf(trusts.legacy, subject)).toEqual(legacy === 'none' ? [] : [legacy]);
  expect(doorsOf(trusts.both, subject)).toEqual([immutable, legacy].filter((door) => door !== 'none'));
});

test.each(['https://github.com/acme', 'sts.amazonaws.com.evil.example', 'STS.amazonaws.com', '*', ''])(
  'a token for the audience %j opens nothing',
  (aud) => {
    for (const trust of Object.values(trusts)) {
      expect(doorsOf(trust, `${IMMUTABLE}:environment:prod`, aud)).toEqual([]);
      expect(doorsOf(trust, `${LEGACY}:pull_request`, aud)).toEqual([]);
    }
  },
);

test.each([
  ['StringLike', { StringLike: { 'token.actions.githubusercontent.com:sub': 'repo:*' } }],
  ['a second operator', { StringEquals: {}, StringLike: {} }],
  ['another claim', { StringEquals: { 'token.actions.githubusercontent.com:actor': 'mallory' } }],
  ['no condition', undefined],
])('the table would not pass a trust with %s', (_, Condition) => {
  const statement = { Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity', Principal: {}, Condition };

  expect(() => admits([statement as TrustStatement], { aud: AUDIENCE, sub: '' })).toThrow(/^(Not|No claim)/);
});

/** The trust of each role in the template, by the door that it is. */
function trustsOf(subjectFormat: GithubSubjectFormat): Record<Exclude<Door, 'none'>, TrustStatement[]> {
  const stack = new Stack(new App(), 'delivery', { env: { account: '111122223333', region: 'eu-west-1' } });
  const deployer = new GithubDeployer(stack, 'Github', {
    owner: 'acme',
    ownerId: '1001',
    repo: 'shop',
    repoId: '2002',
    subjectFormat,
    environments: [
      { name: 'dev', pullRequestDiff: true },
      { name: 'prod', qualifier: 'prod' },
    ],
  });
  const roles = Template.fromStack(stack).findResources('AWS::IAM::Role');
  const trustOf = (role = deployer.diffRole) => {
    const { Ref } = stack.resolve(role?.roleName);
    return roles[Ref]?.Properties.AssumeRolePolicyDocument.Statement;
  };
  expect(Object.keys(roles)).toHaveLength(3);
  return { dev: trustOf(deployer.roleOf('dev')), prod: trustOf(deployer.roleOf('prod')), diff: trustOf() };
}

function doorsOf(trust: ReturnType<typeof trustsOf>, sub: string, aud = AUDIENCE): string[] {
  return Object.entries(trust)
    .filter(([, statements]) => admits(statements, { aud, sub }))
    .map(([door]) => door);
}
