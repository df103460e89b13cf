import type { AwsAccess } from '../../cli/deployment';

/** A resource of a deployed stack: what the template asks for, and what it became. */
export interface DeployedResource {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  /** Properties as in the template, references unresolved. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A stack as deployed. */
export interface DeployedStack {
  readonly name: string;
  readonly resources: readonly DeployedResource[];
  /** Physical id that a `Ref` or the resource of a `Fn::GetAtt` in this stack's template points to. */
  resolve(reference: unknown): string | undefined;
}

/** Something that a template asks for and the emulator does not do by itself. */
export interface EmulatorGap {
  /** In kebab case, like its file. */
  readonly name: string;
  /** What the emulator does instead, and why that matters. */
  readonly reason: string;
  /** Type of the resources that it concerns. */
  readonly resourceType: string;
  /** Whether this resource's template asks for it at all. */
  concerns(resource: DeployedResource): boolean;
  /** Whether the emulator has done it by itself: then the gap is closed. Called before `fill`. */
  isClosed(resource: DeployedResource, stack: DeployedStack, access: AwsAccess): Promise<boolean>;
  /** Does it by the public AWS API; to do it twice changes nothing. */
  fill(resource: DeployedResource, stack: DeployedStack, access: AwsAccess): Promise<void>;
}
