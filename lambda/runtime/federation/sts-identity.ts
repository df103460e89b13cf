import { GetWebIdentityTokenCommand, type STSClient } from '@aws-sdk/client-sts';
import type { IdentityTokenSettings } from '../../../lib/contract/federation';
import { IdentityTokenError, OutboundFederationDisabledError } from './errors';

const FEDERATION_IS_OFF = 'OutboundWebIdentityFederationDisabledException';

/**
 * Asks STS for a token that says which role the process runs under. The client must be of a region: the global
 * endpoint has no such call.
 * @throws OutboundFederationDisabledError, or IdentityTokenError.
 */
export const stsIdentity =
  (client: STSClient, { audience, lifetimeSeconds, signingAlgorithm }: IdentityTokenSettings) =>
  async (): Promise<string> => {
    const input = { Audience: [audience], DurationSeconds: lifetimeSeconds, SigningAlgorithm: signingAlgorithm };
    try {
      const { WebIdentityToken } = await client.send(new GetWebIdentityTokenCommand(input));
      if (WebIdentityToken) return WebIdentityToken;
    } catch (error) {
      const isOff = error instanceof Error && error.name === FEDERATION_IS_OFF;
      throw isOff ? new OutboundFederationDisabledError(error) : new IdentityTokenError(error);
    }
    throw new IdentityTokenError();
  };
