import {
  type APIGatewayClient,
  GetUsagePlanCommand,
  NotFoundException,
  type PatchOperation,
  UpdateUsagePlanCommand,
} from '@aws-sdk/client-api-gateway';
import type { PlanThrottle } from '../../../lib/contract/consumer-hold';
import type { IUsagePlans, UsagePlanState } from './usage-plans';

/** One request has both limits, so that no plan is ever between two throttles. */
const operationsOf = ({ throttle }: UsagePlanState, to: PlanThrottle | undefined): PatchOperation[] => {
  if (!to) return [{ op: 'remove', path: '/throttle' }];
  const op = throttle ? 'replace' : 'add';
  return (['rateLimit', 'burstLimit'] as const).map((limit) => ({
    op,
    path: `/throttle/${limit}`,
    value: String(to[limit]),
  }));
};

/** Usage plans of API Gateway; needs `apigateway:GET` and `apigateway:PATCH` on each of them. */
export class ApiGatewayUsagePlans implements IUsagePlans {
  readonly #client: APIGatewayClient;

  constructor(client: APIGatewayClient) {
    this.#client = client;
  }

  async read(id: string): Promise<UsagePlanState | undefined> {
    try {
      const { throttle } = await this.#client.send(new GetUsagePlanCommand({ usagePlanId: id }));
      if (!throttle) return {};
      // An emulator gives back as text what a patch has set.
      const { rateLimit = 0, burstLimit = 0 } = throttle;
      return { throttle: { rateLimit: Number(rateLimit), burstLimit: Number(burstLimit) } };
    } catch (error) {
      if (error instanceof NotFoundException) return undefined;
      throw error;
    }
  }

  async throttle(id: string, seen: UsagePlanState, to: PlanThrottle | undefined): Promise<void> {
    await this.#client.send(new UpdateUsagePlanCommand({ usagePlanId: id, patchOperations: operationsOf(seen, to) }));
  }
}
