import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type EnvironmentName, readEnvironment } from '../../../bin/environments';
import { composeService } from '../../../bin/service';

/** The stacks of one environment, made with the feature flags that the app itself has, and with context of the command line. */
export function synthEnvironment(name: EnvironmentName, given: Readonly<Record<string, string>> = {}) {
  const values: Record<string, string> = { ...given, env: name };
  const { context } = JSON.parse(readFileSync(join(__dirname, '../../../cdk.json'), 'utf8'));
  const app = new App({ context });
  const stacks = composeService(
    app,
    readEnvironment((key) => values[key]),
  );
  return {
    app,
    stacks,
    data: Template.fromStack(stacks.data),
    service: Template.fromStack(stacks.service),
  };
}

/** What CloudFormation calls a function of the service; its id is the beginning of all that belongs to it. */
export const FUNCTIONS = [
  'AuthorizeClient',
  'SubmitJob',
  'RelayOutbox',
  'ProcessJob',
  'ReadJob',
  'ReadUsage',
  'CheckHealth',
  'CheckReadiness',
  'ControlBreaker',
  'SweepLeases',
  'ControlSpend',
  'UploadsCreateUpload',
  'UploadsReadUpload',
] as const;

export interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Record<string, unknown>;
}

/** Every statement that the role of one function has, whichever policy it is in. */
export function statementsOf(service: Template, functionId: string): Statement[] {
  const roles = Object.keys(service.findResources('AWS::IAM::Role')).filter((id) => id.startsWith(`${functionId}Role`));
  expect(roles).toHaveLength(1);
  return Object.values(service.findResources('AWS::IAM::Policy'))
    .filter(({ Properties }) => Properties.Roles.some((role: { Ref?: string }) => role.Ref === roles[0]))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
}

export const listOf = (value: string | string[]): string[] => (Array.isArray(value) ? value : [value]);
