import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { RotatingSecret, type RotatingSecretProps } from '../../../lib/secrets/rotating-secret';
import { RotationStrategy } from '../../../lib/secrets/rotation-strategy';

const env = { account: '111122223333', region: 'eu-west-1' };
export const newStack = (): Stack => new Stack(new App(), 'vault', { env });

/** A rotating secret of random values, unless told otherwise. */
export function rotate(props: Partial<RotatingSecretProps> = {}, stack = newStack()) {
  const secret = new RotatingSecret(stack, 'Pepper', { strategy: RotationStrategy.random(), ...props });
  return {
    stack,
    secret,
    /** Nothing may be added once it was looked at. */
    get template() {
      return Template.fromStack(stack);
    },
  };
}

/** The one resource of a type whose logical id begins so. */
export function find(template: Template, type: string, beginning: string) {
  const [found, ...others] = Object.entries(template.findResources(type)).filter(([id]) => id.startsWith(beginning));
  expect(others).toEqual([]);
  if (!found) throw new Error(`There is no ${type} whose id begins with ${beginning}.`);
  const [logicalId, resource] = found;
  return { logicalId, Properties: resource.Properties, DependsOn: resource.DependsOn };
}

export const rotator = (template: Template) => find(template, 'AWS::Lambda::Function', 'PepperRotateSecret');
export const sweeper = (template: Template) => find(template, 'AWS::Lambda::Function', 'PepperSweepKeys');
export const schedule = (template: Template) => find(template, 'AWS::SecretsManager::RotationSchedule', 'Pepper');

/** Actions of the role of a function, by the beginning of its logical id. */
export function actionsOf(template: Template, beginning: string): string[] {
  const statements = Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith(beginning))
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
  const actions = statements.flatMap(({ Action }) => Action as string | string[]);
  return [...new Set(actions.filter((action) => !/^(logs|xray):/.test(action)))].sort();
}
