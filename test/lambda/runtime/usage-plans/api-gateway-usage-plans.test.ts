import {
  APIGatewayClient,
  GetUsagePlanCommand,
  NotFoundException,
  TooManyRequestsException,
  UpdateUsagePlanCommand,
} from '@aws-sdk/client-api-gateway';
import { mockClient } from 'aws-sdk-client-mock';
import { ApiGatewayUsagePlans } from '../../../../lambda/runtime/usage-plans/api-gateway-usage-plans';
import { isShut, NOTHING } from '../../../../lambda/runtime/usage-plans/usage-plans';

const mock = mockClient(APIGatewayClient);
const plans = new ApiGatewayUsagePlans(new APIGatewayClient({}));
beforeEach(() => {
  mock.reset();
});

const patches = () => mock.commandCalls(UpdateUsagePlanCommand).map(({ args }) => args[0].input);

test.each([
  ['as AWS has it', { rateLimit: 2.5, burstLimit: 7 }, { rateLimit: 2.5, burstLimit: 7 }, false],
  ['shut', { rateLimit: 0, burstLimit: 0 }, NOTHING, true],
  ['shut, as an emulator gives back what was patched', { rateLimit: '0', burstLimit: '0' }, NOTHING, true],
  ['with one limit of nothing', { rateLimit: 0, burstLimit: 5 }, { rateLimit: 0, burstLimit: 5 }, false],
  ['with the other', { rateLimit: 5, burstLimit: 0 }, { rateLimit: 5, burstLimit: 0 }, false],
])('reads a throttle %s', async (_, throttle, expected, shut) => {
  mock.on(GetUsagePlanCommand, { usagePlanId: 'plan1' }).resolves({ id: 'plan1', throttle: throttle as never });
  const state = await plans.read('plan1');
  expect(state).toEqual({ throttle: expected });
  expect(state && isShut(state)).toBe(shut);
});

test('reads a plan without a throttle, which is not shut', async () => {
  mock.on(GetUsagePlanCommand).resolves({ id: 'plan1' });
  expect(await plans.read('plan1')).toEqual({});
  expect(isShut({})).toBe(false);
});

test('a plan that is not there is undefined, and any other failure is thrown', async () => {
  mock.on(GetUsagePlanCommand).rejectsOnce(new NotFoundException({ message: 'no such plan', $metadata: {} }));
  expect(await plans.read('plan1')).toBeUndefined();
  mock.on(GetUsagePlanCommand).rejects(new TooManyRequestsException({ message: 'slowly', $metadata: {} }));
  await expect(plans.read('plan1')).rejects.toThrow('slowly');
});

test.each([
  ['replaces the throttle of a plan that has one', { throttle: { rateLimit: 10, burstLimit: 20 } }, 'replace'],
  ['adds one to a plan that has none', {}, 'add'],
])('%s, both limits in one request', async (_, seen, op) => {
  await plans.throttle('plan1', seen, NOTHING);
  expect(patches()).toEqual([
    {
      usagePlanId: 'plan1',
      patchOperations: [
        { op, path: '/throttle/rateLimit', value: '0' },
        { op, path: '/throttle/burstLimit', value: '0' },
      ],
    },
  ]);
});

test('brings fractions back, and takes away what was not there before', async () => {
  await plans.throttle('plan1', { throttle: NOTHING }, { rateLimit: 2.5, burstLimit: 7 });
  await plans.throttle('plan1', { throttle: NOTHING }, undefined);
  expect(patches().map(({ patchOperations }) => patchOperations)).toEqual([
    [
      { op: 'replace', path: '/throttle/rateLimit', value: '2.5' },
      { op: 'replace', path: '/throttle/burstLimit', value: '7' },
    ],
    [{ op: 'remove', path: '/throttle' }],
  ]);
});
