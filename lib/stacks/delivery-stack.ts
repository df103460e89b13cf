import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { GithubDeployerProps } from '../delivery/deployer-props';
import { GithubDeployer } from '../delivery/github-deployer';

/** Settings of a `DeliveryStack`. */
export interface DeliveryStackProps extends StackProps {
  /** The repository that deploys into the stack's account, and from which of its environments. */
  readonly github: GithubDeployerProps;
}

/**
 * What lets GitHub deploy into one account: deployed once by hand, one an account, before the first workflow runs.
 * Its outputs are the ARNs that the workflows take as variables; none of them is secret.
 */
export class DeliveryStack extends Stack {
  /** The roles, by environment of GitHub. */
  public readonly deployer: GithubDeployer;

  /** @throws ConstructConfigError naming every prop of `github` that is out of its rule. */
  constructor(scope: Construct, id: string, props: DeliveryStackProps) {
    super(scope, id, { ...props, terminationProtection: props.terminationProtection ?? true });
    this.deployer = new GithubDeployer(this, 'Github', props.github);
    for (const { name } of props.github.environments) {
      const output = new CfnOutput(this, `DeployRoleArn-${name}`, {
        description: `DEPLOY_ROLE_ARN of GitHub's environment ${name}.`,
        value: this.deployer.roleOf(name).roleArn,
      });
      output.overrideLogicalId(`DeployRoleArn${pascalCase(name)}`);
    }
    if (this.deployer.diffRole !== undefined) {
      new CfnOutput(this, 'DiffRoleArn', {
        description: 'What DIFF_ROLES of the repository names for this account.',
        value: this.deployer.diffRole.roleArn,
      });
    }
  }
}

/** `eu-prod` as `EuProd`: a logical id has letters and digits only. */
function pascalCase(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
