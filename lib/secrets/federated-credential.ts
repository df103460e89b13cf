import { Duration, Names, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ConfigCheck, ConstructConfigError } from '../config-error';
import { EnvironmentKey } from '../contract/environment-keys';
import {
  FederationProviderName,
  type FederationSettings,
  IdentityTokenLifetime,
  MAX_AUDIENCE_LENGTH,
  type TokenEndpointSettings,
} from '../contract/federation';
import type { FederatedProvider } from './federated-provider';

/** How STS signs an identity token; the provider must take it. */
export enum IdentityTokenAlgorithm {
  /** RSA with SHA-256: taken by whoever takes any such token. */
  RS256 = 'RS256',
  /** ECDSA with P-384: the shorter signature. */
  ES384 = 'ES384',
}

/** Settings of a `FederatedCredential`. */
export interface FederatedCredentialProps {
  /** Who exchanges the identity token for a token of its own. */
  readonly provider: FederatedProvider;

  /**
   * Time that an identity token lives: 60 to 3600 whole seconds. It is exchanged at once, so that longer is not safer.
   *
   * @default Duration.minutes(5)
   */
  readonly identityTokenLifetime?: Duration;

  /** @default IdentityTokenAlgorithm.RS256 */
  readonly algorithm?: IdentityTokenAlgorithm;
}

/**
 * An upstream credential that is stored nowhere: a function proves to the provider by a token of STS which role it
 * runs under, and gets a short-lived token for it, which the runtime renews before it ends.
 *
 * The account must let its identities be federated, which is off at first and which CloudFormation cannot switch on:
 * `aws iam enable-outbound-web-identity-federation`, once an account. While it is off, `GET /ready` says so.
 */
export class FederatedCredential extends Construct {
  /** Environment by which a function of Bulwark knows how to get the credential. */
  public readonly environment: { [key: string]: string };

  /** For whom the identity tokens are: the one that the provider was told to demand. */
  public readonly audience: string;

  private readonly lifetimeSeconds: number;

  /** @throws ConstructConfigError when a prop, or one of the provider's, is out of its range. */
  constructor(scope: Construct, id: string, props: FederatedCredentialProps) {
    const lifetime = props.identityTokenLifetime ?? Duration.seconds(IdentityTokenLifetime.DEFAULT_SECONDS);
    const lifetimeSeconds = lifetime.toSeconds({ integral: false });
    const { audience, _endpoint: endpoint } = props.provider;
    validate(new ConfigCheck(scope, id), { lifetimeSeconds, audience, endpoint });
    super(scope, id);
    this.audience = audience;
    this.lifetimeSeconds = lifetimeSeconds;
    const signingAlgorithm = props.algorithm ?? IdentityTokenAlgorithm.RS256;
    const settings: FederationSettings = { identity: { audience, lifetimeSeconds, signingAlgorithm }, endpoint };
    this.environment = { [EnvironmentKey.FEDERATION]: JSON.stringify(settings) };
  }

  /**
   * Lets a role, or whatever has one, ask for identity tokens of this audience and lifetime, and no others.
   *
   * @returns the policy, which is one of its own
   * @throws ConstructConfigError when the grantee has no role of this app.
   */
  public grant(grantee: iam.IGrantable): iam.Policy {
    const role = grantee.grantPrincipal;
    if (!(role instanceof iam.Role)) {
      throw new ConstructConfigError(this.node.path, [
        `\`grantee\` must be a role of this app or have one, got: ${role}`,
      ]);
    }
    const id = `Federation${Names.nodeUniqueId(this.node)}`;
    const granted = role.node.tryFindChild(id) as iam.Policy | undefined;
    if (granted) return granted;
    const policy = new iam.Policy(role, id, { roles: [role], statements: [this.statement()] });
    Validations.of(policy).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'An identity token is of the caller itself, and the action takes no resource (Service Authorization Reference, AWS STS); audience and lifetime are bounded by conditions.',
    });
    return policy;
  }

  /** Gives a function the environment and the right. */
  public connect(consumer: lambda.Function): void {
    for (const [key, value] of Object.entries(this.environment)) consumer.addEnvironment(key, value);
    this.grant(consumer);
  }

  private statement(): iam.PolicyStatement {
    return new iam.PolicyStatement({
      actions: ['sts:GetWebIdentityToken'],
      resources: ['*'],
      conditions: {
        'ForAllValues:StringEquals': { 'sts:IdentityTokenAudience': [this.audience] },
        // Without it, "all values" holds of none as well.
        Null: { 'sts:IdentityTokenAudience': 'false' },
        NumericLessThanEquals: { 'sts:DurationSeconds': this.lifetimeSeconds },
      },
    });
  }
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** What is sent over it proves who the function is. */
const PRIVATE_URL = /^https:\/\/|^http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]/;

interface Checked {
  readonly lifetimeSeconds: number;
  readonly audience: string;
  readonly endpoint: TokenEndpointSettings;
}

function validate(check: ConfigCheck, { lifetimeSeconds, audience, endpoint }: Checked): void {
  const { MIN_SECONDS, MAX_SECONDS } = IdentityTokenLifetime;
  check
    .require(
      Number.isInteger(lifetimeSeconds) && lifetimeSeconds >= MIN_SECONDS && lifetimeSeconds <= MAX_SECONDS,
      'identityTokenLifetime',
      `must be between ${MIN_SECONDS} and ${MAX_SECONDS} whole seconds`,
      `${lifetimeSeconds} seconds`,
    )
    .require(
      audience.length >= 1 && audience.length <= MAX_AUDIENCE_LENGTH,
      'audience',
      `must have 1 to ${MAX_AUDIENCE_LENGTH} characters`,
      audience,
    )
    .require(
      PRIVATE_URL.test(endpoint.tokenUrl) && URL.canParse(endpoint.tokenUrl),
      'tokenUrl',
      'must be an `https:` URL, or one of this machine',
      endpoint.tokenUrl,
    );
  if (endpoint.provider === FederationProviderName.ANTHROPIC) {
    const { federationRuleId, organizationId, serviceAccountId, workspaceId } = endpoint;
    check
      .require(/^fdrl_\w+$/.test(federationRuleId), 'federationRuleId', 'must begin with `fdrl_`', federationRuleId)
      .require(UUID.test(organizationId), 'organizationId', 'must be a UUID', organizationId)
      .require(/^svac_\w+$/.test(serviceAccountId), 'serviceAccountId', 'must begin with `svac_`', serviceAccountId)
      .require(
        workspaceId === undefined || /^(wrkspc_\w+|default)$/.test(workspaceId),
        'workspaceId',
        'must begin with `wrkspc_` or be `default`',
        workspaceId,
      );
  } else {
    const { identityProviderId, serviceAccountId } = endpoint;
    check
      .require(/^[\w-]+$/.test(identityProviderId), 'identityProviderId', 'must be an id', identityProviderId)
      .require(/^[\w-]+$/.test(serviceAccountId), 'serviceAccountId', 'must be an id', serviceAccountId);
  }
  check.throwProblems();
}
