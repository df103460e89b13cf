import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { GithubDeployer, type GithubDeployerProps } from '../../../lib';

export const PROVIDER = 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com';

/** A stack whose account and Region are known. */
export const newStack = (): Stack =>
  new Stack(new App({ context: { '@aws-cdk/core:enablePartitionLiterals': true } }), 'delivery', {
    env: { account: '111122223333', region: 'eu-west-1' },
  });

/** A deployer of one repository and one environment, unless told otherwise. */
export const deployIn = (stack: Stack, changes: Partial<GithubDeployerProps> = {}, id = 'Github') =>
  new GithubDeployer(stack, id, {
    owner: 'acme',
    ownerId: '1001',
    repo: 'shop',
    repoId: '2002',
    environments: [{ name: 'prod' }],
    ...changes,
  });

/** What a role may do, and what it trusts, as the template says. */
export function roleIn(stack: Stack, role: iam.Role | undefined) {
  const resource = Template.fromStack(stack).findResources('AWS::IAM::Role')[stack.resolve(role?.roleName).Ref];
  const { Properties } = resource ?? {};
  return {
    trust: Properties.AssumeRolePolicyDocument.Statement,
    policies: Properties.Policies,
    managed: Properties.ManagedPolicyArns,
    seconds: Properties.MaxSessionDuration,
  };
}

/** ARN of a role of a bootstrap stack. */
export const bootstrapRole = (
  role: string,
  { account = '111122223333', region = 'eu-west-1', qualifier = 'hnb659fds' } = {},
) => `arn:aws:iam::${account}:role/cdk-${qualifier}-${role}-role-${account}-${region}`;

/** A provider that is in the account already. */
export function importedProvider(stack: Stack, arn = PROVIDER): iam.IOidcProvider {
  return iam.OidcProviderNative.fromOidcProviderArn(stack, 'Provider', arn);
}
