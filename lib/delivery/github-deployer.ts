import { Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import {
  type BootstrapPlace,
  type BootstrapRole,
  bootstrapRoleArns,
  DEFAULT_QUALIFIER,
  DEPLOYMENT_ROLES,
  DIFF_ROLES,
} from './bootstrap-roles';
import { checkDeployer } from './check-deployer';
import type { GithubDeployerProps, GithubEnvironment } from './deployer-props';
import { environmentSubjects, GithubSubjectFormat, pullRequestSubjects } from './github-subjects';

/** Who makes the tokens, without `https://`: the beginning of the condition keys. */
const ISSUER = 'token.actions.githubusercontent.com';

/** For whom the tokens are made. Source: the default of `aws-actions/configure-aws-credentials`. */
const AUDIENCE = 'sts.amazonaws.com';

/**
 * Lets the workflows of one repository deploy with the CDK, without a key that somebody must keep: one role for each
 * environment of GitHub, which trusts the tokens of jobs in that environment and nothing else, and may do nothing but
 * assume the bootstrap stack's roles.
 */
export class GithubDeployer extends Construct {
  /** ARN of the account's identity provider for GitHub. */
  public readonly providerArn: string;
  /** Assumed for the diff of a pull request; absent where no environment allows one. */
  public readonly diffRole?: iam.Role;

  private readonly roles = new Map<string, iam.Role>();
  private readonly maxSession: Duration;

  /** @throws ConstructConfigError naming every prop that is out of its rule. */
  constructor(scope: Construct, id: string, props: GithubDeployerProps) {
    checkDeployer(scope, id, props);
    super(scope, id);
    const format = props.subjectFormat ?? GithubSubjectFormat.IMMUTABLE;
    this.maxSession = props.maxSession ?? Duration.hours(1);
    this.providerArn = (props.provider ?? sharedProvider(this)).oidcProviderRef.oidcProviderArn;
    for (const environment of props.environments) {
      const role = this.createRole(`Deploy-${environment.name}`, {
        description: `Deploys ${props.owner}/${props.repo} from GitHub's environment ${environment.name}.`,
        subjects: environmentSubjects(props, format, environment.name),
        assumes: this.bootstrapRoles(DEPLOYMENT_ROLES, [environment]),
      });
      this.roles.set(environment.name, role);
    }
    const compared = props.environments.filter(({ pullRequestDiff }) => pullRequestDiff);
    if (compared.length > 0) {
      this.diffRole = this.createRole('Diff', {
        description: `Compares pull requests of ${props.owner}/${props.repo} with what is deployed; reads only.`,
        subjects: pullRequestSubjects(props, format),
        assumes: this.bootstrapRoles(DIFF_ROLES, compared),
      });
    }
  }

  /**
   * The role of one environment.
   *
   * @throws Error when the deployer has no environment of that name
   */
  public roleOf(environment: string): iam.Role {
    const role = this.roles.get(environment);
    if (role === undefined) {
      const known = [...this.roles.keys()].join(', ');
      throw new Error(`${this.node.path}: \`environment\` must be one of ${known}, got: ${environment}`);
    }
    return role;
  }

  private bootstrapRoles(roles: readonly BootstrapRole[], environments: readonly GithubEnvironment[]): string[] {
    const arns = environments
      .flatMap((environment) => this.placesOf(environment))
      .flatMap((place) => bootstrapRoleArns(this, roles, place));
    return [...new Set(arns)];
  }

  private placesOf(environment: GithubEnvironment): BootstrapPlace[] {
    const stack = Stack.of(this);
    return (environment.regions ?? [stack.region]).map((region) => ({
      account: environment.account ?? stack.account,
      region,
      qualifier: environment.qualifier ?? DEFAULT_QUALIFIER,
    }));
  }

  private createRole(id: string, { description, subjects, assumes }: RoleSettings): iam.Role {
    return new iam.Role(this, id, {
      description,
      maxSessionDuration: this.maxSession,
      assumedBy: new iam.WebIdentityPrincipal(this.providerArn, {
        // A pattern, as `StringLike` takes it, is how branches and forks got in elsewhere.
        StringEquals: { [`${ISSUER}:aud`]: AUDIENCE, [`${ISSUER}:sub`]: subjects },
      }),
      inlinePolicies: {
        AssumeBootstrapRoles: new iam.PolicyDocument({
          statements: [new iam.PolicyStatement({ actions: ['sts:AssumeRole'], resources: assumes })],
        }),
      },
    });
  }
}

interface RoleSettings {
  readonly description: string;
  readonly subjects: string[];
  readonly assumes: string[];
}

const SHARED_PROVIDER_ID = 'BulwarkGithubProvider';

function sharedProvider(scope: Construct): iam.OidcProviderNative {
  const stack = Stack.of(scope);
  return (
    (stack.node.tryFindChild(SHARED_PROVIDER_ID) as iam.OidcProviderNative | undefined) ??
    new iam.OidcProviderNative(stack, SHARED_PROVIDER_ID, { url: `https://${ISSUER}`, clientIds: [AUDIENCE] })
  );
}
