import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { findDeployment, isEmulated } from '../../cli/deployment';
import { StackOutput } from '../../lib/contract/outputs';
import { access } from './doubles/deployment';

const stacks = mockClient(CloudFormationClient);
/**
 * A federated service has no secret; no command needs the control queue, nor one plan apart from the others, and what is
 * spent is asked of the function that controls it, not of the ledger's table.
 */
const UNNEEDED = ['CONTROL_QUEUE_URL', 'UPSTREAM_SECRET', 'USAGE_PLAN_ID', 'LEDGER_TABLE'];
const needed = Object.entries(StackOutput).filter(([name]) => !UNNEEDED.includes(name));
const outputs = (without?: string, clientPlans = '{}') =>
  needed
    .filter(([, key]) => key !== without)
    .map(([, key]) => ({
      OutputKey: key,
      OutputValue: key === StackOutput.CLIENT_PLANS ? clientPlans : `the ${key}`,
    }));

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

test('plans whose ids cannot be read are those of another version', async () => {
  stacks.on(DescribeStacksCommand).resolves({ Stacks: [{ Outputs: outputs(undefined, 'plan1') } as never] });
  await expect(findDeployment('dev', access)).rejects.toThrow(
    'the output ClientPlans is no JSON: deploy this version first',
  );
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
