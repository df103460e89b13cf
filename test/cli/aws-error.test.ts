import { describeError } from '../../cli/aws-error';

const named = (name: string, message: string, code?: string): Error =>
  Object.assign(new Error(message), { name, ...(code && { code }) });

test.each<[Error, RegExp]>([
  [
    named('Error', 'Region is missing'),
    /^no Region is known: say --region, or set AWS_REGION; .*npm run local.* --endpoint/,
  ],
  [
    named('CredentialsProviderError', 'Could not load credentials from any providers'),
    /^there are no AWS credentials: sign in.*\(Could not load credentials from any providers\)$/,
  ],
  [named('ExpiredTokenException', 'x'), /^the AWS credentials have expired: sign in anew/],
  [named('ExpiredToken', 'x'), /^the AWS credentials have expired: sign in anew/],
  [
    named('Error', 'connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED'),
    /^nothing answers there \(connect ECONNREFUSED 127\.0\.0\.1:1\): is `npm run local` up/,
  ],
  [named('AggregateError', '', 'ECONNREFUSED'), /^nothing answers there \(ECONNREFUSED\)/],
  [named('TimeoutError', 'getaddrinfo ENOTFOUND nowhere'), /^nothing answers there/],
])('%s says what to do next', (error, line) => {
  expect(describeError(error)).toMatch(line);
});

test('any other error is said as it is', () => {
  expect(describeError(named('AccessDeniedException', 'not authorized'))).toBe('AccessDeniedException: not authorized');
});
