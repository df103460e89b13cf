import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import type { AwsAccess } from '../../cli/deployment';
import type { DeployedResource, DeployedStack } from './gap';

interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties?: Record<string, unknown> }>
  >;
}

/** Reads each stack's template from the assembly and its physical ids from CloudFormation. */
export async function readDeployedStacks(
  names: readonly string[],
  assembly: string,
  access: AwsAccess,
): Promise<DeployedStack[]> {
  const client = new CloudFormationClient({ ...access });
  const read = async (name: string): Promise<DeployedStack> => {
    const template = JSON.parse(readFileSync(join(assembly, `${name}.template.json`), 'utf8')) as Template;
    const { StackResources } = await client.send(new DescribeStackResourcesCommand({ StackName: name }));
    const physicalIds = new Map(
      (StackResources ?? []).map(({ LogicalResourceId, PhysicalResourceId }) => [
        LogicalResourceId,
        PhysicalResourceId,
      ]),
    );
    return assembleStack(name, template, physicalIds);
  };
  return Promise.all(names.map(read));
}

/** Puts a template and the physical ids of its resources together. */
export function assembleStack(
  name: string,
  template: Template,
  physicalIds: ReadonlyMap<string | undefined, string | undefined>,
): DeployedStack {
  const resources = Object.entries(template.Resources).flatMap(([logicalId, { Type, Properties = {} }]) => {
    const physicalId = physicalIds.get(logicalId);
    return physicalId ? [{ logicalId, physicalId, type: Type, properties: Properties } satisfies DeployedResource] : [];
  });
  return {
    name,
    resources,
    resolve: (reference) => {
      if (typeof reference === 'string') return reference;
      const { Ref, 'Fn::GetAtt': getAtt } = (reference ?? {}) as { Ref?: string; 'Fn::GetAtt'?: [string, string] };
      // The root of a REST API is an attribute that no API lists under the resource's physical id.
      if (getAtt?.[1] === 'RootResourceId') return undefined;
      return physicalIds.get(Ref ?? getAtt?.[0]);
    },
  };
}
