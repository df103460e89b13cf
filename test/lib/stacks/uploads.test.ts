import { App, Duration } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { UploadsOutput } from '../../../lib/contract/uploads';
import { DataStack, type DataStackProps } from '../../../lib/stacks/data-stack';
import { ServiceStack } from '../../../lib/stacks/service-stack';
import { SPEND } from './spend-settings';
import { synthEnvironment } from './synth-environment';

const prod = synthEnvironment('prod');
const local = synthEnvironment('local');
const env = { account: '111122223333', region: 'eu-west-1' };

function stacksWith(props: Partial<DataStackProps> = {}) {
  const app = new App();
  const data = new DataStack(app, 'data', { env, spend: SPEND, processTimeout: Duration.minutes(1), ...props });
  const names = { environmentName: 'dev', version: '1', upstreamUrl: 'https://api.anthropic.com' };
  const service = new ServiceStack(app, 'service', { env, data, ...names });
  return { data: Template.fromStack(data), service: Template.fromStack(service) };
}

test('the outputs name what operators look for', () => {
  const outputs = prod.data.toJSON().Outputs;
  const values = Object.values(UploadsOutput).map((name) => outputs[name]?.Value);
  expect(values).toEqual([
    { Ref: 'UploadsTable' },
    { Ref: 'UploadQuarantineBucket' },
    { Ref: 'UploadCleanBucket' },
    { Ref: 'UploadsQueue' },
    { Ref: 'UploadsDeadLetterQueue' },
    { Ref: expect.stringMatching(/^UploadsInspectUpload/) },
  ]);
});

test('prod has its uploads scanned, keeps them and watches over them; local does none of it', () => {
  prod.data.resourceCountIs('AWS::GuardDuty::MalwareProtectionPlan', 1);
  local.data.resourceCountIs('AWS::GuardDuty::MalwareProtectionPlan', 0);
  prod.data.allResources('AWS::S3::Bucket', { DeletionPolicy: 'Retain' });
  local.data.allResources('AWS::S3::Bucket', { DeletionPolicy: 'Delete' });
});

test('a data stack without uploads has no bucket, and its service no route for them', () => {
  const { data, service } = stacksWith();
  data.resourceCountIs('AWS::S3::Bucket', 0);
  expect(Object.keys(data.toJSON().Outputs)).not.toEqual(expect.arrayContaining([UploadsOutput.TABLE]));
  const paths = Object.values(service.findResources('AWS::ApiGateway::Resource')).map(
    ({ Properties }) => Properties.PathPart,
  );
  expect(paths).toContain('jobs');
  expect(paths).not.toContain('uploads');
});

test('what is given for uploads wins over what the stack says', () => {
  const { data, service } = stacksWith({ uploads: { contentTypes: ['application/zip'] }, protectData: false });
  data.allResources('AWS::S3::Bucket', { DeletionPolicy: 'Delete' });
  const creator = Object.entries(service.findResources('AWS::Lambda::Function')).find(([id]) =>
    id.startsWith('UploadsCreateUpload'),
  );
  expect(JSON.stringify(creator?.[1].Properties.Environment)).toContain('"application/zip"');
});
