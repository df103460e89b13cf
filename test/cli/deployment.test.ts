import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { findDeployment, isEmulated } from '../../cli/deployment';
import { StackOutput } from '../../lib/contract/outputs';
import { access } from './doubles/deployment';

const stacks = mockClient(CloudFormationClient);
/** A federated service has no secret, and no command needs the control queue. */
const needed = Object.entries(StackOutput).filter(([name]) => !['CONTROL_QUEUE_URL', 'UPSTREAM_SECRET'].includes(name));
const outputs = (without?: string) =>
  needed.filter(([, key]) => key !== without).map(([, key]) => ({ OutputKey: key, OutputValue: `the ${key}` }));

afterEach(() => {
  delete process.env.AWS_ENDPOINT_URL;
});

test.each(needed)('a stack without the output %s is of another version', async (_, key) => {
  stacks.on(DescribeStacksCommand).resolves({ Stacks: [{ Outputs: outputs(key) } as never] });
  await expect(findDeployment('dev', access)).rejects.toThrow(
    `the stacks of dev have no output ${key}: deploy this version first`,
  );
});

test('a deployment without a stored credential is a deployment all the same', async () => {
  stacks.on(DescribeStacksCommand).resolves({ Stacks: [{ Outputs: outputs(StackOutput.UPSTREAM_SECRET) } as never] });
  expect((await findDeployment('dev', access)).upstreamSecret).toBe('');
});

test.each([
  [undefined, undefined, false],
  ['https://dynamodb.eu-west-1.amazonaws.com', undefined, false],
  ['https://sqs.cn-north-1.amazonaws.com.cn', undefined, false],
  ['http://127.0.0.1:4566', undefined, true],
  ['http://amazonaws.com.example.org', undefined, true],
  [undefined, 'http://localhost:4566', true],
])('with --endpoint %s and AWS_ENDPOINT_URL %s, an emulator is meant: %s', (endpoint, variable, expected) => {
  if (variable) process.env.AWS_ENDPOINT_URL = variable;
  expect(isEmulated({ ...(endpoint && { endpoint }) })).toBe(expected);
});
