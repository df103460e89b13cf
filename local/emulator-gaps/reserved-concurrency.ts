import { GetFunctionConcurrencyCommand, LambdaClient, PutFunctionConcurrencyCommand } from '@aws-sdk/client-lambda';
import type { EmulatorGap } from './gap';

/** Reserved concurrency of functions. */
export const reservedConcurrency: EmulatorGap = {
  name: 'reserved-concurrency',
  reason: 'CloudFormation drops ReservedConcurrentExecutions: a function would run without its limit',
  resourceType: 'AWS::Lambda::Function',
  concerns: ({ properties }) => typeof properties.ReservedConcurrentExecutions === 'number',
  async isClosed({ physicalId }, _stack, access) {
    const client = new LambdaClient({ ...access });
    const answer = await client.send(new GetFunctionConcurrencyCommand({ FunctionName: physicalId }));
    return answer.ReservedConcurrentExecutions !== undefined;
  },
  async fill({ physicalId, properties }, _stack, access) {
    const client = new LambdaClient({ ...access });
    const ReservedConcurrentExecutions = properties.ReservedConcurrentExecutions as number;
    await client.send(new PutFunctionConcurrencyCommand({ FunctionName: physicalId, ReservedConcurrentExecutions }));
  },
};
