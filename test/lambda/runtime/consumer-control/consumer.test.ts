import {
  GetEventSourceMappingCommand,
  LambdaClient,
  ResourceConflictException,
  ResourceInUseException,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { ConsumerBusyError, nextConcurrency } from '../../../../lambda/runtime/consumer-control/consumer';
import { LambdaConsumer } from '../../../../lambda/runtime/consumer-control/lambda-consumer';

const lambda = mockClient(LambdaClient);
const consumer = new LambdaConsumer(new LambdaClient({ region: 'eu-central-1' }), 'uuid-1', 50);
beforeEach(() => lambda.reset());
const updates = () => lambda.commandCalls(UpdateEventSourceMappingCommand).map(({ args }) => args[0].input);

test.each([
  ['Enabled', true],
  ['Enabling', true],
  ['Updating', true],
  ['Disabled', false],
  ['Disabling', false],
])('a mapping that is %s: is it enabled? %p', async (State, isEnabled) => {
  lambda
    .on(GetEventSourceMappingCommand, { UUID: 'uuid-1' })
    .resolves({ State, ScalingConfig: { MaximumConcurrency: 8 } });
  expect(await consumer.read()).toEqual({ isEnabled, concurrency: 8 });
});

test('a mapping that names no concurrency has all of it', async () => {
  lambda.on(GetEventSourceMappingCommand).resolves({ State: 'Enabled' });
  expect(await consumer.read()).toEqual({ isEnabled: true, concurrency: 50 });
});

test('to pause leaves the concurrency as it is, to resume sets it', async () => {
  lambda.on(UpdateEventSourceMappingCommand).resolves({});
  await consumer.pause();
  await consumer.resume(4);
  expect(updates()).toEqual([
    { UUID: 'uuid-1', Enabled: false },
    { UUID: 'uuid-1', Enabled: true, ScalingConfig: { MaximumConcurrency: 4 } },
  ]);
});

test.each([ResourceInUseException, ResourceConflictException])(
  'a change under way is said to be one: %p',
  async (Busy) => {
    lambda.on(UpdateEventSourceMappingCommand).rejects(new Busy({ message: 'in use', $metadata: {} } as never));
    await expect(consumer.pause()).rejects.toThrow(ConsumerBusyError);
  },
);

test('any other failure is what it is', async () => {
  lambda.on(UpdateEventSourceMappingCommand).rejects(new Error('AccessDenied'));
  await expect(consumer.resume(2)).rejects.toThrow('AccessDenied');
});

test('steps double, start at two, reach the most in time and never pass it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 1_000 }), (most) => {
      const steps = [nextConcurrency(0, most)];
      while ((steps.at(-1) ?? 0) < most && steps.length < 20) steps.push(nextConcurrency(steps.at(-1) ?? 0, most));
      expect(steps[0]).toBe(2);
      expect(steps.at(-1)).toBe(most);
      for (const [index, step] of steps.slice(0, -1).entries()) expect(step).toBe(2 ** (index + 1));
    }),
  );
});
