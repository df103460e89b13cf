import type { Duration } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { GithubSubjectFormat } from './github-subjects';

/** One environment of GitHub, and where what it deploys goes. */
export interface GithubEnvironment {
  /**
   * Its name in GitHub, exactly as the workflow's `environment:` spells it: 1 to 64 letters, digits, `-`, `_` and `.`.
   */
  readonly name: string;

  /**
   * Account that it deploys to. One other than the deployer's must have been bootstrapped with `--trust`.
   *
   * @default - the account of the stack
   */
  readonly account?: string;

  /**
   * Regions that it deploys to, each of them bootstrapped.
   *
   * @default - the Region of the stack
   */
  readonly regions?: string[];

  /**
   * Qualifier of the bootstrap stack there: 1 to 10 letters, digits, `-` and `_`.
   *
   * @default 'hnb659fds'
   */
  readonly qualifier?: string;

  /**
   * Whether pull requests may compare with what is deployed there. The lookup role has AWS's `ReadOnlyAccess` without
   * the right to decrypt; anybody who may push a branch can use it.
   *
   * @default false
   */
  readonly pullRequestDiff?: boolean;
}

/** Settings of a `GithubDeployer`. */
export interface GithubDeployerProps {
  /** User or organisation that owns the repository, in GitHub's own spelling: IAM tells `Acme` from `acme`. */
  readonly owner: string;

  /** The owner's id: the digits that `gh api repos/OWNER/REPO --jq .owner.id` prints. */
  readonly ownerId: string;

  /** Name of the repository, without its owner, in GitHub's own spelling. */
  readonly repo: string;

  /** The repository's id: the digits that `gh api repos/OWNER/REPO --jq .id` prints. */
  readonly repoId: string;

  /** The environments that deploy, at least one; each gets a role of its own. */
  readonly environments: GithubEnvironment[];

  /**
   * Which form the subjects of the repository's tokens have.
   *
   * @default GithubSubjectFormat.IMMUTABLE
   */
  readonly subjectFormat?: GithubSubjectFormat;

  /**
   * The account's identity provider for GitHub. AWS allows one of it an account.
   *
   * @default - one a stack, made with the first `GithubDeployer` in it and shared by all of them
   */
  readonly provider?: iam.IOIDCProviderRef;

  /**
   * Longest session of a role, between 1 and 12 hours. The roles of the bootstrap stack end after one hour whatever
   * this says, as AWS ends every chained role.
   *
   * @default Duration.hours(1)
   */
  readonly maxSession?: Duration;
}
