/** One statement of a role's trust, as the template has it. */
export interface TrustStatement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Principal: unknown;
  readonly Condition?: Record<string, Record<string, string | string[]>>;
}

/** Claims of a token of GitHub that IAM looks at. */
export interface Claims {
  readonly aud: string;
  readonly sub: string;
}

/**
 * Whether IAM would let the bearer of a token in. Knows `StringEquals` and nothing else, on purpose: a trust that
 * needs another operator to be understood is a trust that nobody has looked at.
 *
 * @throws Error on whatever it does not know
 */
export function admits(trust: readonly TrustStatement[], claims: Claims): boolean {
  return trust.some((statement) => {
    if (statement.Effect !== 'Allow' || statement.Action !== 'sts:AssumeRoleWithWebIdentity') {
      throw new Error(`Not a statement of web identity: ${JSON.stringify(statement)}`);
    }
    const { StringEquals, ...others } = statement.Condition ?? {};
    if (StringEquals === undefined || Object.keys(others).length > 0) {
      throw new Error(`Not StringEquals alone: ${JSON.stringify(statement.Condition)}`);
    }
    return Object.entries(StringEquals).every(([key, allowed]) => [allowed].flat().includes(claimOf(claims, key)));
  });
}

function claimOf(claims: Claims, key: string): string {
  switch (key) {
    case 'token.actions.githubusercontent.com:aud':
      return claims.aud;
    case 'token.actions.githubusercontent.com:sub':
      return claims.sub;
    default:
      throw new Error(`No claim for ${key}`);
  }
}
