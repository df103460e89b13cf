/** Codes of a connection that did not come about. */
const UNREACHED: readonly unknown[] = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH'];

const EXPIRED = /^(ExpiredToken(Exception)?|RequestExpired)$/;

/**
 * What an error of the AWS SDK means and what to do next, on one line: the SDK says what went wrong inside it. Any other
 * error is said by its name and message.
 */
export function describeError(error: unknown): string {
  const { name, message, code } = error as Error & { readonly code?: unknown };
  if (message === 'Region is missing') {
    return 'no Region is known: say --region, or set AWS_REGION; for a stack of `npm run local` say --endpoint, with the address that it prints';
  }
  if (name === 'CredentialsProviderError') {
    return `there are no AWS credentials: sign in, such as by \`aws sso login\`, or set AWS_PROFILE (${message})`;
  }
  if (EXPIRED.test(name))
    return `the AWS credentials have expired: sign in anew, such as by \`aws sso login\` (${name})`;
  const unreached = UNREACHED.includes(code) || UNREACHED.some((known) => message.includes(String(known)));
  if (unreached) {
    return `nothing answers there (${message || String(code)}): is \`npm run local\` up, and --endpoint its address? Without --endpoint, AWS itself is meant`;
  }
  return `${name}: ${message}`;
}
