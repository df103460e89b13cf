/**
 * A small model of how AWS WAF evaluates a web ACL, over the rules of a synthesised template: rules in the order of their
 * priorities, labels that stay with the request, overrides of single rules of a managed group, and a body that is seen up
 * to a limit. The managed groups are stood in for by rules of the same names and labels with simple patterns.
 * Sources: "Using rule priorities", "How labels work" and "Overriding rule group actions", AWS WAF developer guide.
 */

export interface WafRequest {
  /** Path as it is sent, with the stage on the API's own host. */
  readonly uri: string;
  readonly body?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Requests that its address has made within the window of the rate rule. */
  readonly requestsOfAddress?: number;
}

export interface WafVerdict {
  readonly action: 'ALLOW' | 'BLOCK';
  /** Name of the rule that ended it. */
  readonly by?: string;
  readonly labels: readonly string[];
  /** Rules that matched and only counted, managed ones by their own names. */
  readonly counted: readonly string[];
}

type Action = { Block?: object; Count?: object; Allow?: object };

interface Statement {
  readonly AndStatement?: { readonly Statements: readonly Statement[] };
  readonly OrStatement?: { readonly Statements: readonly Statement[] };
  readonly NotStatement?: { readonly Statement: Statement };
  readonly LabelMatchStatement?: { readonly Scope: string; readonly Key: string };
  readonly RegexMatchStatement?: { readonly RegexString: string; readonly FieldToMatch: { readonly UriPath?: object } };
  readonly RateBasedStatement?: { readonly Limit: number; readonly AggregateKeyType: string };
  readonly ManagedRuleGroupStatement?: ManagedGroup;
}

interface ManagedGroup {
  readonly VendorName: string;
  readonly Name: string;
  readonly ScopeDownStatement?: Statement;
  readonly RuleActionOverrides?: readonly { readonly Name: string; readonly ActionToUse: Action }[];
}

export interface WafRule {
  readonly Name: string;
  readonly Priority: number;
  readonly Action?: Action;
  readonly OverrideAction?: { readonly None?: object; readonly Count?: object };
  readonly RuleLabels?: readonly { readonly Name: string }[];
  readonly Statement: Statement;
}

interface SimulatedRule {
  readonly name: string;
  readonly label: string;
  readonly matches: (request: WafRequest, inspectedBody: string) => boolean;
}

const inBody = (group: string, name: string, pattern: RegExp): SimulatedRule => ({
  name: `${name}_BODY`,
  label: `awswaf:managed:aws:${group}:${name}_Body`,
  matches: (_, body) => pattern.test(body),
});

const inQuery = (group: string, name: string, pattern: RegExp): SimulatedRule => ({
  name: `${name}_QUERYARGUMENTS`,
  label: `awswaf:managed:aws:${group}:${name}_QueryArguments`,
  matches: ({ query = '' }) => pattern.test(query),
});

const CRS = 'core-rule-set';
const XSS = /<script|onerror=/i;
const SQLI = /' or '|union select|drop table/i;

/** By the name of the group; every rule blocks unless it is overridden. */
const SIMULATED: Readonly<Record<string, readonly SimulatedRule[]>> = {
  AWSManagedRulesAmazonIpReputationList: [
    {
      name: 'AWSManagedIPReputationList',
      label: 'awswaf:managed:aws:amazon-ip-list:AWSManagedIPReputationList',
      matches: ({ headers }) => headers?.['x-test-reputation'] === 'bad',
    },
  ],
  AWSManagedRulesCommonRuleSet: [
    {
      name: 'NoUserAgent_HEADER',
      label: `awswaf:managed:aws:${CRS}:NoUserAgent_Header`,
      matches: ({ headers }) => headers?.['user-agent'] === undefined,
    },
    {
      name: 'UserAgent_BadBots_HEADER',
      label: `awswaf:managed:aws:${CRS}:BadBots_Header`,
      matches: ({ headers }) => /nessus|nmap/i.test(headers?.['user-agent'] ?? ''),
    },
    {
      name: 'SizeRestrictions_BODY',
      label: `awswaf:managed:aws:${CRS}:SizeRestrictions_Body`,
      matches: ({ body = '' }) => Buffer.byteLength(body) > 8192,
    },
    inBody(CRS, 'EC2MetaDataSSRF', /169\.254\.169\.254/),
    inBody(CRS, 'GenericLFI', /\.\.\/\.\.\//),
    inQuery(CRS, 'GenericLFI', /\.\.\/\.\.\//),
    inBody(CRS, 'GenericRFI', /https?:\/\/\d+\.\d+\.\d+\.\d+/),
    inBody(CRS, 'CrossSiteScripting', XSS),
    inQuery(CRS, 'CrossSiteScripting', XSS),
  ],
  AWSManagedRulesKnownBadInputsRuleSet: [
    inBody('known-bad-inputs', 'JavaDeserializationRCE', /java\.lang\.Runtime/),
    inBody('known-bad-inputs', 'Log4JRCE', /\$\{jndi:/),
    inBody('known-bad-inputs', 'ReactJSRCE', /"_formData"/),
    {
      name: 'Log4JRCE_HEADER',
      label: 'awswaf:managed:aws:known-bad-inputs:Log4JRCE_Header',
      matches: ({ headers }) => Object.values(headers ?? {}).some((value) => /\$\{jndi:/.test(value)),
    },
  ],
  AWSManagedRulesSQLiRuleSet: [
    inBody('sql-database', 'SQLi', SQLI),
    inBody('sql-database', 'SQLiExtendedPatterns', /information_schema/i),
    inQuery('sql-database', 'SQLi', SQLI),
  ],
};

/** Names of the rules on the body of the groups that are simulated, of which all are known to AWS. */
export const SIMULATED_BODY_RULES = Object.values(SIMULATED)
  .flat()
  .map(({ name }) => name)
  .filter((name) => name.endsWith('_BODY'));

class Evaluation {
  readonly labels: string[] = [];
  readonly counted: string[] = [];
  readonly #inspectedBody: string;

  constructor(
    readonly request: WafRequest,
    inspectedBytes: number,
  ) {
    this.#inspectedBody = Buffer.from(request.body ?? '')
      .subarray(0, inspectedBytes)
      .toString('latin1');
  }

  run(rules: readonly WafRule[]): WafVerdict {
    for (const rule of rules.toSorted((a, b) => a.Priority - b.Priority)) {
      const { ManagedRuleGroupStatement: group } = rule.Statement;
      const blocks = group ? this.#runGroup(group, rule) : this.#runRule(rule);
      if (blocks) return { action: 'BLOCK', by: rule.Name, labels: this.labels, counted: this.counted };
    }
    return { action: 'ALLOW', labels: this.labels, counted: this.counted };
  }

  #runRule({ Name, Action, RuleLabels = [], Statement }: WafRule): boolean {
    if (!this.#matches(Statement)) return false;
    this.labels.push(...RuleLabels.map((label) => `awswaf:111122223333:webacl:acl:${label.Name}`));
    if (Action?.Count) this.counted.push(Name);
    return Action?.Block !== undefined;
  }

  #runGroup({ Name, ScopeDownStatement, RuleActionOverrides = [] }: ManagedGroup, rule: WafRule): boolean {
    if (ScopeDownStatement && !this.#matches(ScopeDownStatement)) return false;
    const simulated = SIMULATED[Name];
    if (!simulated) throw new Error(`no stand-in for the group ${Name}`);
    for (const { name, label, matches } of simulated) {
      if (!matches(this.request, this.#inspectedBody)) continue;
      this.labels.push(label);
      const override = RuleActionOverrides.find((candidate) => candidate.Name === name);
      if (!override?.ActionToUse.Count && !rule.OverrideAction?.Count) return true;
      this.counted.push(name);
    }
    return false;
  }

  #matches(statement: Statement): boolean {
    const { AndStatement, OrStatement, NotStatement, LabelMatchStatement, RegexMatchStatement, RateBasedStatement } =
      statement;
    if (AndStatement) return AndStatement.Statements.every((part) => this.#matches(part));
    if (OrStatement) return OrStatement.Statements.some((part) => this.#matches(part));
    if (NotStatement) return !this.#matches(NotStatement.Statement);
    if (LabelMatchStatement) return this.#hasLabel(LabelMatchStatement.Key);
    if (RegexMatchStatement) return new RegExp(RegexMatchStatement.RegexString).test(this.request.uri);
    if (RateBasedStatement) return (this.request.requestsOfAddress ?? 0) > RateBasedStatement.Limit;
    throw new Error(`no model of ${Object.keys(statement).join()}`);
  }

  /** A key is a label's name with as many of its name spaces before it as are given. */
  #hasLabel(key: string): boolean {
    return this.labels.some((label) => label === key || label.endsWith(`:${key}`));
  }
}

/** What becomes of a request. */
export const evaluate = (rules: readonly WafRule[], request: WafRequest, inspectedBytes = 16_384): WafVerdict =>
  new Evaluation(request, inspectedBytes).run(rules);
