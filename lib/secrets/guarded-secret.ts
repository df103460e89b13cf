import { RemovalPolicy, Resource, Stack, Token, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { ConfigCheck } from '../config-error';
import { SecretPolicy } from './secret-policy';

/** Settings of a `GuardedSecret`, which every kind of secret has. */
export interface GuardedSecretProps {
  /**
   * What the secret is for; never the secret itself.
   *
   * @default - no description
   */
  readonly description?: string;

  /**
   * Customer-managed key that encrypts the secret. An imported key must let the account's identities use it.
   *
   * @default - a key of the secret's own, rotated yearly
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * How the first value is made. It is a random one, so that nothing works by accident.
   *
   * @default - JSON with one random field, `apiKey`
   */
  readonly firstValue?: secretsmanager.SecretStringGenerator;

  /**
   * Another Region in which the secret can be read as well.
   *
   * @default - none
   */
  readonly replicaRegion?: string;

  /**
   * ARN of the customer-managed key that encrypts the replica, in its Region. Needs `replicaRegion`.
   *
   * @default - the key of Secrets Manager's own in that Region
   */
  readonly replicaKeyArn?: string;

  /**
   * Roles and users that may write the value by hand, beside the rotator. They cannot read it for that.
   *
   * @default - whoever may by their own policies: the secret's policy denies writing to nobody
   */
  readonly administrators?: iam.IGrantable[];

  /**
   * What becomes of secret and key when they leave the stack.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Field that the first value has unless told otherwise; the one that rotated secrets have. */
const FIRST_VALUE = { secretStringTemplate: '{}', generateStringKey: 'apiKey', excludePunctuation: true };

/**
 * A secret that is written by hand and read by those alone who are named here: encrypted under a customer-managed key,
 * with a policy that denies its value to everybody else in the account, and everything over plain HTTP.
 */
export class GuardedSecret extends Construct {
  /** The secret itself. Its own grants do not admit to it: use `grantRead` of this construct. */
  public readonly secret: secretsmanager.Secret;
  /** The key that encrypts it. */
  public readonly encryptionKey: kms.IKey;

  /** @internal */
  protected readonly _policy: SecretPolicy;

  /** @throws ConstructConfigError naming every prop that is out of its range. */
  constructor(scope: Construct, id: string, props: GuardedSecretProps = {}) {
    checkReplica(scope, id, props);
    super(scope, id);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.encryptionKey = props.encryptionKey ?? this.createKey(removalPolicy);
    this.secret = new secretsmanager.Secret(this, 'Secret', {
      description: props.description,
      encryptionKey: this.encryptionKey,
      generateSecretString: props.firstValue ?? FIRST_VALUE,
      replicaRegions: this.replicas(props),
      removalPolicy,
    });
    this._policy = new SecretPolicy(this, this.secret);
    for (const administrator of props.administrators ?? []) this._policy.admitAdministrator(administrator);
  }

  /**
   * Lets the grantee read the secret, and nothing else. Of an identity that the app only names, such as a role of AWS's
   * single sign-on, the secret's policy lets it in, and its own policies stay as they are: they must allow it as well.
   *
   * A reader in another stack takes the secret's policy into that stack, where it is deployed with its readers; in a
   * third stack there can be none.
   *
   * @throws ConstructConfigError when the grantee is not one role or user, or in a third stack
   */
  public grantRead(grantee: iam.IGrantable): iam.Grant {
    this._policy.admitReader(grantee);
    if (isOnlyNamed(grantee.grantPrincipal))
      return iam.Grant.drop(grantee, 'An imported identity keeps its own policies.');
    return this._allow(grantee, ['secretsmanager:GetSecretValue'], ['kms:Decrypt']);
  }

  /**
   * What the identity's own policy needs: the key only through Secrets Manager and for this secret.
   * @internal
   */
  public _allow(grantee: iam.IGrantable, actions: string[], keyActions: string[]): iam.Grant {
    const { secretArn } = this.secret;
    const { region } = Stack.of(this);
    const onSecret = iam.Grant.addToPrincipal({ grantee, actions, resourceArns: [secretArn] });
    if (keyActions.length === 0) return onSecret;
    return onSecret.combine(
      iam.Grant.addToPrincipal({
        grantee,
        actions: keyActions,
        resourceArns: [this.encryptionKey.keyArn],
        conditions: {
          StringEquals: {
            'kms:ViaService': `secretsmanager.${region}.amazonaws.com`,
            'kms:EncryptionContext:SecretARN': secretArn,
          },
        },
      }),
    );
  }

  /** Says why the secret does not rotate, to those who ask it of every secret. @internal */
  public _explainNoRotation(reason: string): void {
    Validations.of(this.secret).acknowledge({ id: 'AwsSolutions-SMG4', reason });
  }

  private createKey(removalPolicy: RemovalPolicy): kms.Key {
    return new kms.Key(this, 'Key', {
      description: `Encrypts the secret ${this.node.path}.`,
      enableKeyRotation: true,
      removalPolicy,
    });
  }

  private replicas({ replicaRegion, replicaKeyArn }: GuardedSecretProps): secretsmanager.ReplicaRegion[] | undefined {
    if (!replicaRegion) return undefined;
    const encryptionKey = replicaKeyArn ? kms.Key.fromKeyArn(this, 'ReplicaKey', replicaKeyArn) : undefined;
    return [{ region: replicaRegion, ...(encryptionKey && { encryptionKey }) }];
  }
}

/** Whether the identity is made elsewhere: a role of the single sign-on, for one, refuses to be given a policy. */
const isOnlyNamed = (principal: iam.IPrincipal): boolean =>
  Construct.isConstruct(principal) && Resource.isResource(principal) && !Resource.isOwnedResource(principal);

function checkReplica(scope: Construct, id: string, { replicaRegion, replicaKeyArn }: GuardedSecretProps): void {
  const { region } = Stack.of(scope);
  const keyRegion = replicaKeyArn && !Token.isUnresolved(replicaKeyArn) ? replicaKeyArn.split(':')[3] : replicaRegion;
  new ConfigCheck(scope, id)
    .require(
      replicaRegion === undefined || (/^[a-z]{2}(-[a-z]+)+-\d$/.test(replicaRegion) && replicaRegion !== region),
      'replicaRegion',
      `must be a Region other than the secret's own`,
      replicaRegion,
    )
    .require(
      replicaKeyArn === undefined || (replicaRegion !== undefined && keyRegion === replicaRegion),
      'replicaKeyArn',
      'must be the ARN of a key in `replicaRegion`',
      replicaKeyArn,
    )
    .throwProblems();
}
