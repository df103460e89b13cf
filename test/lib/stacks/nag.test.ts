import { Stack, Validations } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ENVIRONMENT_NAMES, ENVIRONMENTS, type EnvironmentName } from '../../../bin/environments';
import { synthEnvironment } from './synth-environment';

/** Where a finding is acknowledged, below the stack: never on a stack or the app, which would cover what comes later. */
const ACKNOWLEDGED: Record<'data' | 'service', Record<string, string[]>> = {
  data: {
    'UpstreamAdminSecret/Secret': ['AwsSolutions-SMG4'],
    'UpstreamPoolSecret/Secret': ['AwsSolutions-SMG4'],
    'UpstreamSecret/RotateSecret/Tracing': ['AwsSolutions-IAM5[Resource::*]'],
    'UpstreamSecret/SweepKeys/Tracing': ['AwsSolutions-IAM5[Resource::*]'],
    'Uploads/Clean': ['AwsSolutions-S1'],
    'Uploads/InspectUpload/Tracing': ['AwsSolutions-IAM5[Resource::*]'],
    'Uploads/Quarantine': ['AwsSolutions-S1'],
  },
  service: {
    'Api/Api/CloudWatchRole': [
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
    ],
    'Api/Api/Default/health/GET': ['AwsSolutions-APIG4', 'AwsSolutions-COG4'],
    'Api/Api/Default/ready/GET': ['AwsSolutions-APIG4', 'AwsSolutions-COG4'],
    'Api/Api/Default/v1/jobs/POST': ['AwsSolutions-COG4'],
    'Api/Api/Default/v1/jobs/{id}/GET': ['AwsSolutions-COG4'],
    'Api/Api/Default/v1/uploads/POST': ['AwsSolutions-COG4'],
    'Api/Api/Default/v1/uploads/{id}/GET': ['AwsSolutions-COG4'],
    'Api/Api/Default/v1/usage/GET': ['AwsSolutions-COG4'],
    'Api/Api/DeploymentStage.api': ['AwsSolutions-APIG6'],
    'AuthorizeClient/Tracing': ['AwsSolutions-IAM5[Resource::*]'],
    'CheckHealth/Tracing': ['AwsSolutions-IAM5[Resource::*]'],
    'CheckReadiness/Tracing': ['AwsSolutions-IAM5[Resource::*]'],
    'ControlBreaker/ListStreams': ['AwsSolutions-IAM5[Resource::*]'],
    'ControlBreaker/Tracing': ['AwsSolutions-IAM5[Resource::*]'],
    'ControlSpend/Tracing': ['AwsSolutions-IAM5[Resource::*]'],
    'ProcessJob/Tracing': ['AwsSolutions-IAM5[Resource::*]'],
    'ReadJob/Tracing': ['AwsSolutions-IAM5[Resource::*]'],
    'ReadUsage/Tracing': ['AwsSolutions-IAM5[Resource::*]'],
    'RelayOutbox/ListStreams': ['AwsSolutions-IAM5[Resource::*]'],
    'RelayOutbox/Tracing': ['AwsSolutions-IAM5[Resource::*]'],
    'SubmitJob/Tracing': ['AwsSolutions-IAM5[Resource::*]'],
    'SweepLeases/Tracing': ['AwsSolutions-IAM5[Resource::*]'],
    'Uploads/CreateUpload/Tracing': ['AwsSolutions-IAM5[Resource::*]'],
    'Uploads/ReadUpload/Tracing': ['AwsSolutions-IAM5[Resource::*]'],
  },
};

/** Beside these, where GuardDuty scans uploads. */
const acknowledgedIn = (name: EnvironmentName, part: 'data' | 'service'): Record<string, string[]> => {
  const { scanUploads, region, account } = ENVIRONMENTS[name];
  if (part === 'service' || !scanUploads) return ACKNOWLEDGED[part];
  const rule = `arn:aws:events:${region}:${account}:rule/DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3*`;
  return { ...ACKNOWLEDGED.data, 'Uploads/MalwareScan/Events': [`AwsSolutions-IAM5[Resource::${rule}]`] };
};

describe.each(ENVIRONMENT_NAMES)('in %s', (name) => {
  const { app, stacks } = synthEnvironment(name);

  test.each(['data', 'service'] as const)('the AwsSolutions pack finds nothing unexplained in the %s stack', (part) => {
    expect(new AwsSolutionsChecks().validateScope(stacks[part]).violations).toEqual([]);
  });

  test.each(['data', 'service'] as const)(
    'the %s stack acknowledges exactly what is listed, each with a reason',
    (part) => {
      const found = acknowledgementsIn(stacks[part]);

      expect(Object.fromEntries(found.map(({ path, rules }) => [path, rules.map(({ id }) => id).sort()]))).toEqual(
        acknowledgedIn(name, part),
      );
      expect(found.flatMap(({ rules }) => rules).filter(({ reason }) => reason.split(' ').length < 10)).toEqual([]);
    },
  );

  test('the app acknowledges nothing for all of its stacks', () => {
    expect(app.node.metadata.filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)).toEqual([]);
  });
});

test('the pack does find what is wrong', () => {
  const { app } = synthEnvironment('dev');
  const stack = new Stack(app, 'careless');
  new s3.Bucket(stack, 'Open');

  const found = new AwsSolutionsChecks().validateScope(stack).violations.map(({ ruleName }) => ruleName);
  expect(found).toContain('AwsSolutions-S10');
});

interface Acknowledgement {
  readonly id: string;
  readonly reason: string;
}

function acknowledgementsIn(stack: Stack): { path: string; rules: Acknowledgement[] }[] {
  return stack.node
    .findAll()
    .map(({ node }) => ({
      path: node.path.slice(stack.node.path.length + 1),
      rules: node.metadata
        .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
        .flatMap(({ data }) => rulesIn(data)),
    }))
    .filter(({ rules }) => rules.length > 0);
}

/** The metadata maps the id of a rule, after the kind of its finding, to its reason. */
function rulesIn(data: Record<string, string>): Acknowledgement[] {
  return Object.entries(data).map(([id, reason]) => ({ id: id.replace(/^Annotation::/, ''), reason }));
}
