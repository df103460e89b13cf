import { ArnFormat, Duration, Lazy, Names, Size, Stack } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { ConfigCheck } from '../config-error';
import { EncryptedLogGroup, type EncryptedLogGroupProps } from '../logs/encrypted-log-group';
import { ROUTE_PATH } from './api-route';
import { LOGGED_LABELS, visibilityOf, webAclRules } from './web-acl-rules';

/** Requests of one address within `DEFAULT_RATE_WINDOW` unless told otherwise. */
export const DEFAULT_RATE_LIMIT = 2000;

/** Over what time the requests of an address are counted unless told otherwise. */
export const DEFAULT_RATE_WINDOW = Duration.minutes(5);

/** How much of a body the rules see unless told otherwise; what AWS inspects without an extra fee. */
export const DEFAULT_INSPECTED_BODY = Size.kibibytes(16);

/** Beginning of the name of every log group that WAF writes to. Source: "CloudWatch Logs", AWS WAF developer guide. */
const LOG_NAME_PREFIX = 'aws-waf-logs-';

/** Headers that are secrets. */
const SECRET_HEADERS = ['authorization', 'x-api-key', 'cookie'];

/** Sources: `RateBasedStatement` and `RequestBodyAssociatedResourceTypeConfig`, AWS WAFV2 API reference. */
const MOST_REQUESTS = 2_000_000_000;
const RATE_WINDOWS = [60, 120, 300, 600];
const INSPECTED_KILOBYTES = [16, 32, 48, 64];

/** Settings of a `WebAcl`. */
export interface WebAclProps {
  /**
   * Paths of the routes whose bodies are prompts, from the root and without the stage, such as `/v1/jobs` or
   * `/v1/chats/{id}`. The routes of a `GuardedApi` say so themselves, by `takesPrompts`.
   *
   * @default - none
   */
  readonly promptPaths?: string[];

  /**
   * Requests that one IP address may make within `rateWindow`, between 10 and 2 000 000 000; those above are blocked
   * until it asks less. Clients behind one address share it.
   *
   * @default 2000
   */
  readonly rateLimit?: number;

  /**
   * Over what time the requests of an address are counted: 1, 2, 5 or 10 minutes.
   *
   * @default Duration.minutes(5)
   */
  readonly rateWindow?: Duration;

  /**
   * How much of a body the rules see: 16, 32, 48 or 64 KiB. More costs more for each request, and changes only what is
   * counted in prompts: elsewhere a body above 8 KiB is blocked.
   *
   * @default Size.kibibytes(16)
   */
  readonly inspectedBody?: Size;

  /**
   * Settings of the log's group. A name must begin with `aws-waf-logs-`.
   *
   * @default - an `EncryptedLogGroup` with its own defaults, named after the stack and the construct
   */
  readonly log?: EncryptedLogGroupProps;
}

/** Notes what is wrong with the settings of a web ACL. */
export function checkWebAcl(check: ConfigCheck, props: WebAclProps, prefix = ''): ConfigCheck {
  const window = (props.rateWindow ?? DEFAULT_RATE_WINDOW).toSeconds();
  const inspected = inspectedKilobytes(props);
  const name = props.log?.logGroupName;
  for (const path of props.promptPaths ?? []) {
    check.require(ROUTE_PATH.test(path), `${prefix}promptPaths`, 'must be like `/v1/jobs/{id}`', path);
  }
  return check
    .integer(`${prefix}rateLimit`, props.rateLimit, 10, MOST_REQUESTS)
    .require(RATE_WINDOWS.includes(window), `${prefix}rateWindow`, 'must be 60, 120, 300 or 600 seconds', window)
    .require(
      INSPECTED_KILOBYTES.includes(inspected),
      `${prefix}inspectedBody`,
      'must be 16, 32, 48 or 64 KiB',
      `${inspected} KiB`,
    )
    .require(
      name === undefined || name.startsWith(LOG_NAME_PREFIX),
      `${prefix}log.logGroupName`,
      `must begin with \`${LOG_NAME_PREFIX}\``,
      name,
    );
}

/**
 * A firewall (AWS WAF) for Regional APIs that take prompts: AWS's common, known-bad-inputs, SQL-injection and
 * IP-reputation rules, and a rate for each address. On the paths of prompts, rules on the body count and do not block,
 * as prompts rightly hold code, markup and queries, and are long; everywhere else they block, and bodies above 8 KiB as
 * well. Its log holds what was blocked and what would have been, and no body, query or secret header.
 */
export class WebAcl extends Construct {
  /** ARN of the web ACL. */
  public readonly webAclArn: string;
  /** Where the log is. */
  public readonly logGroup: EncryptedLogGroup;

  private readonly promptPaths: string[];

  /** @throws ConstructConfigError naming every prop that is out of its range. */
  constructor(scope: Construct, id: string, props: WebAclProps = {}) {
    checkWebAcl(new ConfigCheck(scope, id), props).throwProblems();
    super(scope, id);
    this.promptPaths = [...(props.promptPaths ?? [])];
    const acl = new wafv2.CfnWebACL(this, 'Acl', {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: visibilityOf('WebAcl'),
      associationConfig: {
        requestBody: { API_GATEWAY: { defaultSizeInspectionLimit: `KB_${inspectedKilobytes(props)}` } },
      },
      dataProtectionConfig: { dataProtections: PROTECTED_DATA },
      // Routes may be added until synthesis.
      rules: Lazy.any({ produce: () => this.rules(props) }),
    });
    this.webAclArn = acl.attrArn;
    this.logGroup = this.createLog(props.log);
  }

  /**
   * Lets the bodies of a route through that AWS's rules would take for attacks.
   *
   * @param path from the root and without the stage, such as `/v1/jobs/{id}`
   */
  public addPromptPath(path: string): void {
    if (!this.promptPaths.includes(path)) this.promptPaths.push(path);
  }

  /** Puts it before a stage of a Regional REST API; one web ACL may stand before many. */
  public protect(stage: apigateway.IStage): void {
    associate(this, `Before${stage.node.addr}`, stage, this.webAclArn);
  }

  private rules({ rateLimit = DEFAULT_RATE_LIMIT, rateWindow = DEFAULT_RATE_WINDOW }: WebAclProps) {
    return webAclRules({
      promptPaths: this.promptPaths,
      rateLimit,
      rateWindowSeconds: rateWindow.toSeconds(),
    });
  }

  private createLog(settings: EncryptedLogGroupProps = {}): EncryptedLogGroup {
    const group = new EncryptedLogGroup(this, 'Log', {
      ...settings,
      // WAF writes to no group of another name.
      logGroupName:
        settings.logGroupName ??
        `${LOG_NAME_PREFIX}${Names.uniqueResourceName(this, { maxLength: 200, separator: '-' })}`,
    });
    const grant = group.addToResourcePolicy(deliveryGrant(group));
    const logging = new wafv2.CfnLoggingConfiguration(this, 'Logging', {
      resourceArn: this.webAclArn,
      logDestinationConfigs: [arnWithoutStreams(group)],
      redactedFields: [
        ...SECRET_HEADERS.map((name) => ({ singleHeader: { Name: name } })),
        // A key that somebody puts there by mistake.
        { queryString: {} },
      ],
      loggingFilter: loggingFilter(),
    });
    if (grant.policyDependable) logging.node.addDependency(grant.policyDependable);
    return group;
  }
}

/** Puts a web ACL, whoever's, before a stage. */
export function associate(scope: Construct, id: string, stage: apigateway.IStage, webAclArn: string): void {
  const stageArn = Stack.of(stage).formatArn({
    service: 'apigateway',
    account: '',
    arnFormat: ArnFormat.SLASH_RESOURCE_SLASH_RESOURCE_NAME,
    resource: 'restapis',
    resourceName: `${stage.restApi.restApiId}/stages/${stage.stageName}`,
  });
  new wafv2.CfnWebACLAssociation(scope, id, { resourceArn: stageArn, webAclArn });
}

const inspectedKilobytes = ({ inspectedBody = DEFAULT_INSPECTED_BODY }: WebAclProps): number =>
  inspectedBody.toBytes() / 1024;

/**
 * What WAF keeps to itself, in its log and in the samples that its console shows: for SQL and scripts that it finds, it
 * would tell the words of the body, which is a prompt.
 */
const PROTECTED_DATA = [
  { fieldType: 'BODY' },
  { fieldType: 'QUERY_STRING' },
  { fieldType: 'SINGLE_HEADER', fieldKeys: SECRET_HEADERS },
].map((field) => ({
  field,
  action: 'SUBSTITUTION',
  excludeRuleMatchDetails: false,
  excludeRateBasedDetails: false,
}));

/** Keeps what was blocked, and the prompts that would have been elsewhere; a line for each request would cost more. */
function loggingFilter() {
  const conditions = [
    { ActionCondition: { Action: 'BLOCK' } },
    ...LOGGED_LABELS.map((LabelName) => ({ LabelNameCondition: { LabelName } })),
  ];
  return {
    DefaultBehavior: 'DROP',
    Filters: [{ Behavior: 'KEEP', Requirement: 'MEETS_ANY', Conditions: conditions }],
  };
}

/** WAF refuses the ARN with the `:*` that stands for the group's streams. */
const arnWithoutStreams = (group: EncryptedLogGroup): string =>
  Stack.of(group).formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: group.logGroupName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });

/** Source: "Logging that requires additional permissions", CloudWatch Logs user guide. */
function deliveryGrant(group: EncryptedLogGroup): iam.PolicyStatement {
  const { account, region, partition } = Stack.of(group);
  return new iam.PolicyStatement({
    principals: [new iam.ServicePrincipal('delivery.logs.amazonaws.com')],
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [group.logGroupArn],
    conditions: {
      StringEquals: { 'aws:SourceAccount': account },
      ArnLike: { 'aws:SourceArn': `arn:${partition}:logs:${region}:${account}:*` },
    },
  });
}
