import { Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ConfigCheck } from '../config-error';
import { DEFAULT_QUALIFIER } from './bootstrap-roles';
import type { GithubDeployerProps, GithubEnvironment } from './deployer-props';
import { GithubSubjectFormat } from './github-subjects';

/** What a value must look like, and the rule in words. */
interface Rule {
  readonly pattern: RegExp;
  readonly rule: string;
}

/** No `:`, which separates the parts of a subject, and none of the characters that mean something in a pattern. */
const OWNER: Rule = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$/,
  rule: 'must be 1 to 39 letters, digits, `-` and `_`, beginning with a letter or digit',
};
const REPO: Rule = {
  pattern: /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/,
  rule: 'must be 1 to 100 letters, digits, `-`, `_` and `.`, without the owner',
};
const ID: Rule = { pattern: /^[1-9]\d{0,19}$/, rule: 'must be an id of GitHub: digits, not beginning with 0' };
const ENVIRONMENT: Rule = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  rule: 'must be 1 to 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit',
};
const ACCOUNT: Rule = { pattern: /^\d{12}$/, rule: 'must be 12 digits' };
const REGION: Rule = { pattern: /^[a-z]{2}(-[a-z]+)+-\d$/, rule: 'must be like `eu-west-1`' };
const QUALIFIER: Rule = { pattern: /^[A-Za-z0-9_-]{1,10}$/, rule: 'must be 1 to 10 letters, digits, `-` and `_`' };
const PROVIDER: Rule = {
  pattern: /^arn:aws[a-z-]*:iam::\d{12}:oidc-provider\/token\.actions\.githubusercontent\.com$/,
  rule: 'must be the one for `token.actions.githubusercontent.com`',
};

/** Refuses what GitHub cannot send, or what would trust more than it seems to. @throws ConstructConfigError */
export function checkDeployer(scope: Construct, id: string, props: GithubDeployerProps): void {
  const check = new ConfigCheck(scope, id);
  requireKnown(check, 'owner', props.owner, OWNER);
  requireKnown(check, 'ownerId', props.ownerId, ID);
  requireKnown(check, 'repo', props.repo, REPO);
  requireKnown(check, 'repoId', props.repoId, ID);
  check.require(props.environments.length > 0, 'environments', 'must have at least one environment', 'none');
  props.environments.forEach((environment, index) => {
    checkEnvironment(check, `environments[${index}]`, environment);
  });
  checkNames(
    check,
    props.environments.map(({ name }) => name),
  );
  checkPlaces(check, props.environments, Stack.of(scope));
  // Values from the command line are no enum until somebody has looked.
  const formats = Object.values(GithubSubjectFormat);
  const format = props.subjectFormat ?? GithubSubjectFormat.IMMUTABLE;
  check.require(formats.includes(format), 'subjectFormat', `must be one of ${formats.join(', ')}`, format);
  const provider = props.provider?.oidcProviderRef.oidcProviderArn;
  if (provider !== undefined) {
    check.require(PROVIDER.pattern.test(provider), 'provider', PROVIDER.rule, provider);
  }
  check.integer('maxSession', props.maxSession?.toSeconds({ integral: false }), 3600, 43_200);
  check.throwProblems();
}

function checkEnvironment(check: ConfigCheck, prop: string, environment: GithubEnvironment): void {
  const { name, account, regions, qualifier } = environment;
  requireKnown(check, `${prop}.name`, name, ENVIRONMENT);
  if (account !== undefined) {
    check.require(ACCOUNT.pattern.test(account), `${prop}.account`, ACCOUNT.rule, account);
  }
  if (regions !== undefined) {
    check.require(regions.length > 0, `${prop}.regions`, 'must have at least one Region', 'none');
    regions.forEach((region, index) => {
      check.require(REGION.pattern.test(region), `${prop}.regions[${index}]`, REGION.rule, region);
    });
  }
  if (qualifier !== undefined) {
    requireKnown(check, `${prop}.qualifier`, qualifier, QUALIFIER);
  }
}

/** GitHub takes `prod` and `Prod` for one environment, and IAM for two. */
function checkNames(check: ConfigCheck, names: readonly string[]): void {
  const plain = names.map((name) => name.toLowerCase().replace(/[^a-z0-9]/g, ''));
  check.require(
    new Set(plain).size === plain.length,
    'environments',
    'must have names that differ in their letters or digits, whatever the case',
    names.join(', '),
  );
}

/** Where two environments share the bootstrap stack's roles, a job of the one deploys the other. */
function checkPlaces(check: ConfigCheck, environments: readonly GithubEnvironment[], stack: Stack): void {
  const owners = new Map<string, string>();
  for (const { name, account = stack.account, regions = [stack.region], qualifier } of environments) {
    for (const region of new Set(regions)) {
      const place = `${account}/${region}/${qualifier ?? DEFAULT_QUALIFIER}`;
      const owner = owners.get(place);
      // Seen here, where a place that is known only at deployment would pass as a token.
      const shown = Token.isUnresolved(place) ? 'the place of the stack' : place;
      check.require(
        owner === undefined,
        'environments',
        'must each have an account, a Region or a `qualifier` of its own, as whoever may deploy one may deploy all that share the roles of one bootstrap stack',
        `${owner} and ${name} in ${shown}`,
      );
      owners.set(place, name);
    }
  }
}

/** What decides about trust must be seen at synthesis: a parameter of the stack could be anything. */
function requireKnown(check: ConfigCheck, prop: string, value: string, { pattern, rule }: Rule): void {
  const isToken = Token.isUnresolved(value);
  check.require(!isToken && pattern.test(value), prop, rule, isToken ? 'a value known only at deployment' : value);
}
