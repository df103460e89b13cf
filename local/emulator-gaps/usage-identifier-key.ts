import { GetMethodCommand, GetRestApiCommand, UpdateMethodCommand } from '@aws-sdk/client-api-gateway';
import type { EmulatorGap } from './gap';
import { gatewayOf, methodKey } from './request-validator';

/** A usage key that the authorizer names instead of the client presenting it. */
export const usageIdentifierKey: EmulatorGap = {
  name: 'usage-identifier-key',
  reason:
    'API key source AUTHORIZER is dropped, and a usage key is taken from the x-api-key header only: every client would get 403, so the demand for the key is lifted (usage plans are not enforced locally)',
  resourceType: 'AWS::ApiGateway::Method',
  concerns: ({ properties }) => properties.ApiKeyRequired === true,
  async isClosed(resource, stack, access) {
    const { restApiId } = methodKey(resource, stack);
    const api = await gatewayOf(access).send(new GetRestApiCommand({ restApiId }));
    return api.apiKeySource === 'AUTHORIZER';
  },
  async fill(resource, stack, access) {
    const gateway = gatewayOf(access);
    const key = methodKey(resource, stack);
    const { apiKeyRequired } = await gateway.send(new GetMethodCommand(key));
    if (!apiKeyRequired) return;
    // The emulator keeps a patched "false" as a string, which is true to it: so the property is removed.
    const patchOperations = [{ op: 'remove' as const, path: '/apiKeyRequired' }];
    await gateway.send(new UpdateMethodCommand({ ...key, patchOperations }));
  },
};
