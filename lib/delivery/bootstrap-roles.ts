import { Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** The qualifier that `cdk bootstrap` takes unless told otherwise. Source: the CLI's own bootstrap template. */
export const DEFAULT_QUALIFIER = 'hnb659fds';

/** A role that `cdk bootstrap` makes for the CLI. The fifth, which CloudFormation itself assumes, is not among them. */
export type BootstrapRole = 'deploy' | 'file-publishing' | 'image-publishing' | 'lookup';

/** What a deployment needs. */
export const DEPLOYMENT_ROLES: readonly BootstrapRole[] = ['deploy', 'file-publishing', 'image-publishing', 'lookup'];

/** What a diff needs that makes no change set. */
export const DIFF_ROLES: readonly BootstrapRole[] = ['lookup'];

/** Where one `cdk bootstrap` was run. */
export interface BootstrapPlace {
  readonly account: string;
  readonly region: string;
  readonly qualifier: string;
}

/** Exact ARNs of the given roles in one place. */
export function bootstrapRoleArns(scope: IConstruct, roles: readonly BootstrapRole[], place: BootstrapPlace): string[] {
  const { account, region, qualifier } = place;
  return roles.map((role) =>
    Stack.of(scope).formatArn({
      service: 'iam',
      account,
      region: '',
      resource: 'role',
      resourceName: `cdk-${qualifier}-${role}-role-${account}-${region}`,
    }),
  );
}
