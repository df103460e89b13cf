import {
  GetWebIdentityTokenCommand,
  OutboundWebIdentityFederationDisabledException,
  STSClient,
} from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { IdentityTokenError, OutboundFederationDisabledError } from '../../../../lambda/runtime/federation/errors';
import { stsIdentity } from '../../../../lambda/runtime/federation/sts-identity';

const sts = mockClient(STSClient);
beforeEach(() => sts.reset());

const identity = stsIdentity(new STSClient({ region: 'eu-central-1' }), {
  audience: 'https://api.example.test',
  lifetimeSeconds: 300,
  signingAlgorithm: 'RS256',
});

test('asks for a token of one audience, with the lifetime and algorithm that are allowed', async () => {
  const input = { Audience: ['https://api.example.test'], DurationSeconds: 300, SigningAlgorithm: 'RS256' };
  sts.on(GetWebIdentityTokenCommand, input).resolves({ WebIdentityToken: 'identity' });
  await expect(identity()).resolves.toBe('identity');
});

test('says by which switch an account is opened that does not let its identities be federated', async () => {
  const off = new OutboundWebIdentityFederationDisabledException({ message: 'off', $metadata: {} });
  sts.on(GetWebIdentityTokenCommand).rejects(off);
  const error = await identity().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OutboundFederationDisabledError);
  expect((error as Error).message).toBe(
    'Outbound web identity federation is off in this AWS account. Switch it on, once: `aws iam enable-outbound-web-identity-federation`.',
  );
  expect((error as Error).cause).toBe(off);
});

test('any other error of AWS is one of the identity, with its cause', async () => {
  const denied = Object.assign(new Error('not authorized'), { name: 'AccessDenied' });
  sts.on(GetWebIdentityTokenCommand).rejects(denied);
  const error = await identity().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(IdentityTokenError);
  expect((error as Error).cause).toBe(denied);
});

test('an answer without a token is an error', async () => {
  sts.on(GetWebIdentityTokenCommand).resolves({});
  await expect(identity()).rejects.toThrow(new IdentityTokenError());
});

test('a client asks the endpoint of its region, which alone has the call', async () => {
  sts.restore();
  const hosts: string[] = [];
  const client = new STSClient({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'key' },
    maxAttempts: 1,
    requestHandler: {
      handle: async ({ hostname }: { readonly hostname: string }) => {
        hosts.push(hostname);
        throw new Error('not sent');
      },
    } as never,
  });
  const settings = { audience: 'a', lifetimeSeconds: 60, signingAlgorithm: 'ES384' } as const;
  await expect(stsIdentity(client, settings)()).rejects.toThrow(IdentityTokenError);
  expect(hosts).toEqual(['sts.eu-central-1.amazonaws.com']);
});
