import { Fn, Lazy, Stack, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { ConstructConfigError } from '../config-error';

/** A way to a secret that is not the identity of a role: the function that Secrets Manager itself makes for a database. */
export interface AdmittedFunction {
  readonly functionArn: string;
}

/**
 * The resource policy of one secret. It allows nothing, which is the business of each identity's own policies, and
 * denies the value to all who are not named, whatever their own policies allow.
 *
 * It denies nothing by which CloudFormation changes or removes the policy itself, so that no deployment is locked out.
 */
export class SecretPolicy {
  private readonly readers = new Set<string>();
  private readonly writers = new Set<string>();
  private readonly administrators = new Set<string>();
  private readonly functions: string[] = [];
  private place: Stack;
  private resource: secretsmanager.CfnResourcePolicy;

  constructor(
    private readonly owner: Construct,
    private readonly secret: secretsmanager.ISecret,
  ) {
    this.place = Stack.of(owner);
    this.resource = this.create(owner, 'Policy');
  }

  /**
   * Admits a reader. One in another stack takes the policy with it into that stack: here, it would make the secret's
   * stack depend on the reader's.
   *
   * @throws ConstructConfigError when the reader is neither a role nor a user, or in yet another stack
   */
  public admitReader(grantee: iam.IGrantable): void {
    const arn = this.arnOf(grantee, 'reader');
    this.follow(grantee, arn);
    this.readers.add(arn);
  }

  /** Admits whoever reads and writes by profession, which is a rotator. @throws ConstructConfigError as `admitReader` */
  public admitWriter(grantee: iam.IGrantable): void {
    this.admitReader(grantee);
    this.writers.add(this.arnOf(grantee, 'writer'));
  }

  /** Admits a function whose role has no name that could be known at synthesis. */
  public admitFunction({ functionArn }: AdmittedFunction): void {
    this.functions.push(functionArn);
  }

  /** From the first one on, nobody writes but administrators, writers and the stack's own deployments. */
  public admitAdministrator(grantee: iam.IGrantable): void {
    this.administrators.add(this.arnOf(grantee, 'administrator'));
  }

  private create(scope: Construct, id: string): secretsmanager.CfnResourcePolicy {
    return new secretsmanager.CfnResourcePolicy(scope, id, {
      secretId: this.secret.secretArn,
      blockPublicPolicy: true,
      resourcePolicy: Lazy.any({ produce: () => new iam.PolicyDocument({ statements: this.statements() }) }),
    });
  }

  private follow(grantee: iam.IGrantable, arn: string): void {
    const principal = grantee.grantPrincipal;
    // An imported role is a plain text, which makes no stack depend on another.
    if (!Token.isUnresolved(arn) || !Construct.isConstruct(principal)) return;
    const stack = Stack.of(principal);
    const home = Stack.of(this.owner);
    if (stack === home || stack === this.place) return;
    if (this.place !== home) {
      throw new ConstructConfigError(this.owner.node.path, [
        `readers must be in one other stack at most, as the secret's policy names all of them and lies there, got: ${this.place.node.path} and ${stack.node.path}`,
      ]);
    }
    this.owner.node.tryRemoveChild(this.resource.node.id);
    this.place = stack;
    this.resource = this.create(stack, `${idInStack(this.owner)}Policy`);
  }

  private statements(): iam.PolicyStatement[] {
    const others = [this.denyToOthers('DenyReadingToOthers', ['secretsmanager:GetSecretValue'], [...this.readers])];
    if (this.administrators.size > 0) {
      const writing = ['PutSecretValue', 'UpdateSecret', 'UpdateSecretVersionStage'];
      const actions = writing.map((action) => `secretsmanager:${action}`);
      const writers = [...this.administrators, ...this.writers, ...this.deployers()];
      others.push(this.denyToOthers('DenyWritingToOthers', actions, writers));
    }
    return [...others, denyPlainHttp()];
  }

  private denyToOthers(sid: string, actions: string[], principals: readonly string[]): iam.PolicyStatement {
    const hasReaders = principals.length > 0;
    return new iam.PolicyStatement({
      sid,
      effect: iam.Effect.DENY,
      principals: [new iam.AnyPrincipal()],
      actions,
      resources: ['*'],
      conditions: {
        ...(hasReaders && { StringNotEquals: { 'aws:PrincipalArn': [...new Set(principals)] } }),
        ...(this.functions.length > 0 && { ArnNotEquals: { 'lambda:SourceFunctionArn': this.functions } }),
      },
    });
  }

  /** The role under which CloudFormation changes description or key of the secret, where the stack has one. */
  private deployers(): string[] {
    const { synthesizer } = Stack.of(this.owner);
    const { cloudFormationExecutionRoleArn: role } = synthesizer as { cloudFormationExecutionRoleArn?: string };
    return role === undefined ? [] : [Fn.sub(role)];
  }

  private arnOf(grantee: iam.IGrantable, part: string): string {
    const principal = grantee.grantPrincipal;
    const [arn, ...more]: unknown[] = [principal.policyFragment.principalJson.AWS ?? []].flat();
    // That of an account stands for all who are in it, and is no identity that a request has.
    const isOne =
      more.length === 0 && typeof arn === 'string' && arn !== '*' && !(principal instanceof iam.AccountPrincipal);
    if (isOne) return arn;
    throw new ConstructConfigError(this.owner.node.path, [`a ${part} must be one role or user, got: ${principal}`]);
  }
}

function denyPlainHttp(): iam.PolicyStatement {
  return new iam.PolicyStatement({
    sid: 'DenyPlainHttp',
    effect: iam.Effect.DENY,
    principals: [new iam.AnyPrincipal()],
    actions: ['secretsmanager:*'],
    resources: ['*'],
    conditions: { Bool: { 'aws:SecureTransport': 'false' } },
  });
}

/** Ids from the stack down to the construct: the same in every environment, unlike its path. */
function idInStack(construct: Construct): string {
  const below = Stack.of(construct).node.scopes.length;
  return construct.node.scopes
    .slice(below)
    .map((scope) => scope.node.id)
    .join('');
}
