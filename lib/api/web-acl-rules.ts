import type * as wafv2 from 'aws-cdk-lib/aws-wafv2';

type Rule = wafv2.CfnWebACL.RuleProperty;
type Statement = wafv2.CfnWebACL.StatementProperty;

/** Label of a request whose body is a prompt. */
export const PROMPT_LABEL = 'bulwark:prompt';

/** A rule of a managed group that looks at the body, and the label that it leaves. */
interface BodyRule {
  readonly name: string;
  readonly label: string;
}

const bodyRule = (group: string, name: string): BodyRule => ({
  name: `${name}_BODY`,
  label: `awswaf:managed:aws:${group}:${name}_Body`,
});

/** The rule that takes every body above 8192 bytes for an attack. */
const OVERSIZE = bodyRule('core-rule-set', 'SizeRestrictions');

interface ManagedGroup {
  /** Name of our rule. */
  readonly rule: string;
  /** Name of AWS's rule group. */
  readonly group: string;
  /** Its rules on the body. They count, and a later rule of ours blocks where no prompt is. */
  readonly body: readonly BodyRule[];
  /** Its rules that count everywhere. */
  readonly counted?: readonly string[];
}

/**
 * AWS's rule groups, as they were in their static versions of autumn 2026. A rule on the body that AWS adds later blocks
 * prompts too until it is named here; a name that does not exist is ignored by AWS.
 * Source: "AWS Managed Rules rule groups list", AWS WAF developer guide.
 */
const MANAGED_GROUPS: readonly ManagedGroup[] = [
  { rule: 'IpReputation', group: 'AWSManagedRulesAmazonIpReputationList', body: [] },
  {
    rule: 'Common',
    group: 'AWSManagedRulesCommonRuleSet',
    body: [
      OVERSIZE,
      ...['EC2MetaDataSSRF', 'GenericLFI', 'GenericRFI', 'CrossSiteScripting'].map((name) =>
        bodyRule('core-rule-set', name),
      ),
    ],
    // Clients are programs: who sends no User-Agent is told from others by its key.
    counted: ['NoUserAgent_HEADER'],
  },
  {
    rule: 'KnownBadInputs',
    group: 'AWSManagedRulesKnownBadInputsRuleSet',
    body: ['JavaDeserializationRCE', 'Log4JRCE', 'ReactJSRCE'].map((name) => bodyRule('known-bad-inputs', name)),
  },
  {
    rule: 'SqlInjection',
    group: 'AWSManagedRulesSQLiRuleSet',
    body: ['SQLi', 'SQLiExtendedPatterns'].map((name) => bodyRule('sql-database', name)),
  },
];

const HOSTILE_BODY_LABELS = MANAGED_GROUPS.flatMap(({ body }) => body)
  .filter((rule) => rule !== OVERSIZE)
  .map(({ label }) => label);

/** Labels of prompts that would have been blocked elsewhere: what the log keeps beside what was blocked. */
export const LOGGED_LABELS: readonly string[] = HOSTILE_BODY_LABELS;

/** What the rules are made of. */
export interface RuleSettings {
  /** Paths, without the stage, of routes whose bodies are prompts; none for no such route. */
  readonly promptPaths: readonly string[];
  /** Requests of one address within the window. */
  readonly rateLimit: number;
  readonly rateWindowSeconds: number;
}

/** The rules of a web ACL, in their order: the first that blocks ends it, and one that counts leaves its labels. */
export function webAclRules(settings: RuleSettings): Rule[] {
  const { rateLimit, rateWindowSeconds } = settings;
  const rules: Omit<Rule, 'priority' | 'visibilityConfig'>[] = [
    ...promptRule(settings),
    {
      name: 'RatePerAddress',
      action: { block: {} },
      statement: {
        rateBasedStatement: { aggregateKeyType: 'IP', limit: rateLimit, evaluationWindowSec: rateWindowSeconds },
      },
    },
    ...MANAGED_GROUPS.map(managedRule),
    { name: 'OversizeBody', action: { block: {} }, statement: outsidePrompts([OVERSIZE.label]) },
    { name: 'HostileBody', action: { block: {} }, statement: outsidePrompts(HOSTILE_BODY_LABELS) },
  ];
  return rules.map((rule, priority) => ({ ...rule, priority, visibilityConfig: visibilityOf(rule.name) }));
}

/** Metrics and samples of a rule, under its name. */
export const visibilityOf = (metricName: string) => ({
  metricName,
  cloudWatchMetricsEnabled: true,
  sampledRequestsEnabled: true,
});

/** Labels the requests to routes of prompts; without such a route there is nothing to label. */
function promptRule({ promptPaths }: RuleSettings): Omit<Rule, 'priority' | 'visibilityConfig'>[] {
  const [first, ...others] = promptPaths.map(pathStatement);
  if (!first) return [];
  const statement = others.length === 0 ? first : { orStatement: { statements: [first, ...others] } };
  return [{ name: 'Prompts', action: { count: {} }, ruleLabels: [{ name: PROMPT_LABEL }], statement }];
}

/**
 * Matches a whole path as it was sent, with or without one segment before it: WAF sees the stage on the API's own host,
 * and behind a domain name of one's own the base path, or none. A path that is written otherwise is no prompt's.
 * Source: the log of an API Gateway stage under "Log examples for web ACL traffic", AWS WAF developer guide.
 */
function pathStatement(path: string): Statement {
  const pattern = path
    .split(/(\{[^}]+\})/)
    .map((part) => (part.startsWith('{') ? (part.endsWith('+}') ? '.+' : '[^/]+') : part.replace(/[.$]/g, '\\$&')))
    .join('');
  return {
    regexMatchStatement: {
      regexString: `^(/[^/]+)?${pattern}$`,
      fieldToMatch: { uriPath: {} },
      textTransformations: [{ priority: 0, type: 'NONE' }],
    },
  };
}

function managedRule({ rule, group, body, counted = [] }: ManagedGroup): Omit<Rule, 'priority' | 'visibilityConfig'> {
  const overrides = [...counted, ...body.map(({ name }) => name)];
  return {
    name: rule,
    overrideAction: { none: {} },
    statement: {
      managedRuleGroupStatement: {
        vendorName: 'AWS',
        name: group,
        ruleActionOverrides:
          overrides.length === 0 ? undefined : overrides.map((name) => ({ name, actionToUse: { count: {} } })),
      },
    },
  };
}

/** Matches a request that has one of the labels and is no prompt. */
function outsidePrompts(labels: readonly string[]): Statement {
  const [first, ...others] = labels.map(hasLabel);
  const hasAny = first && others.length === 0 ? first : { orStatement: { statements: labels.map(hasLabel) } };
  return { andStatement: { statements: [hasAny, { notStatement: { statement: hasLabel(PROMPT_LABEL) } }] } };
}

const hasLabel = (key: string): Statement => ({ labelMatchStatement: { scope: 'LABEL', key } });
