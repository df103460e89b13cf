import {
  APIGatewayClient,
  CreateRequestValidatorCommand,
  GetMethodCommand,
  GetRequestValidatorsCommand,
  UpdateMethodCommand,
} from '@aws-sdk/client-api-gateway';
import type { AwsAccess } from '../../cli/deployment';
import type { DeployedResource, DeployedStack, EmulatorGap } from './gap';

const VALIDATOR_NAME = 'emulator-gap';

/** Validation of request bodies against their schema, before the handler is called. */
export const requestValidator: EmulatorGap = {
  name: 'request-validator',
  reason: 'CloudFormation drops RequestValidator: bodies would reach the handler without the schema check',
  resourceType: 'AWS::ApiGateway::Method',
  concerns: ({ properties }) => properties.RequestValidatorId !== undefined && properties.RequestModels !== undefined,
  async isClosed(resource, stack, access) {
    const method = await gatewayOf(access).send(new GetMethodCommand(methodKey(resource, stack)));
    return method.requestValidatorId !== undefined;
  },
  async fill(resource, stack, access) {
    const gateway = gatewayOf(access);
    const key = methodKey(resource, stack);
    const { items } = await gateway.send(new GetRequestValidatorsCommand({ restApiId: key.restApiId }));
    const existing = items?.find(({ name }) => name === VALIDATOR_NAME)?.id;
    const value = existing ?? (await createValidator(gateway, key.restApiId));
    const patchOperations = [{ op: 'replace' as const, path: '/requestValidatorId', value }];
    await gateway.send(new UpdateMethodCommand({ ...key, patchOperations }));
  },
};

/** What names a method in the API Gateway API. */
export function methodKey({ properties }: DeployedResource, stack: DeployedStack) {
  const [restApiId, resourceId] = [properties.RestApiId, properties.ResourceId].map((id) => stack.resolve(id));
  return { restApiId, resourceId, httpMethod: properties.HttpMethod as string };
}

export const gatewayOf = (access: AwsAccess): APIGatewayClient => new APIGatewayClient({ ...access });

async function createValidator(gateway: APIGatewayClient, restApiId: string | undefined): Promise<string | undefined> {
  const flags = { validateRequestBody: true, validateRequestParameters: true };
  const { id } = await gateway.send(new CreateRequestValidatorCommand({ restApiId, name: VALIDATOR_NAME, ...flags }));
  return id;
}
