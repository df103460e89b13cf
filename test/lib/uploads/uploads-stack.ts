import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { QuarantinedUploads, type QuarantinedUploadsProps } from '../../../lib';

const env = { account: '111122223333', region: 'eu-west-1' };

export const newStack = (): Stack => new Stack(new App(), 'shop', { env });

/** Uploads with the defaults, unless told otherwise. */
export function uploadsWith(props: QuarantinedUploadsProps = {}, stack = newStack()) {
  const uploads = new QuarantinedUploads(stack, 'Uploads', props);
  return {
    stack,
    uploads,
    /** Nothing may be added once it was looked at. */
    get template() {
      return Template.fromStack(stack);
    },
  };
}

/** The one resource of a type whose logical id begins so. */
export function find(template: Template, type: string, beginning: string) {
  const [found, ...others] = Object.entries(template.findResources(type)).filter(([id]) => id.startsWith(beginning));
  if (!found || others.length > 0) throw new Error(`There is not one ${type} whose id begins with ${beginning}.`);
  const [logicalId, resource] = found;
  return { logicalId, ...resource } as {
    logicalId: string;
    Properties: ReturnType<typeof JSON.parse>;
    DependsOn?: string[];
    DeletionPolicy?: string;
  };
}

export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

/** Statements of all policies of the role whose logical id begins so. */
export function statementsOf(template: Template, role: string): Statement[] {
  const { logicalId } = find(template, 'AWS::IAM::Role', role);
  return Object.values(template.findResources('AWS::IAM::Policy'))
    .filter(({ Properties }) => Properties.Roles.some(({ Ref }: { Ref?: string }) => Ref === logicalId))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
}

export const listOf = (value: string | string[]): string[] => [value].flat();

/** Statements by what they are about: the first one that has an action. */
export const withAction = (statements: readonly Statement[], action: string): Statement[] =>
  statements.filter(({ Action }) => listOf(Action).includes(action));
