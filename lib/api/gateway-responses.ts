import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { PROBLEM_CONTENT_TYPE, Problem, type ProblemKind } from '../contract/problems';

interface GatewayProblem {
  readonly response: apigateway.ResponseType;
  readonly problem: ProblemKind;
  readonly headers?: Record<string, string>;
  /** Left to the gateway where one answer stands for many. @default the problem's own status */
  readonly keepStatus?: boolean;
}

const { ResponseType } = apigateway;

/**
 * Every answer that API Gateway gives by itself, as one of the service's problems.
 * An unknown route is a MISSING_AUTHENTICATION_TOKEN to the gateway and a 404 to everybody else.
 */
const GATEWAY_PROBLEMS: readonly GatewayProblem[] = [
  { response: ResponseType.BAD_REQUEST_BODY, problem: Problem.INVALID_REQUEST },
  { response: ResponseType.BAD_REQUEST_PARAMETERS, problem: Problem.INVALID_REQUEST },
  {
    response: ResponseType.UNAUTHORIZED,
    problem: Problem.UNAUTHENTICATED,
    headers: { 'www-authenticate': 'Bearer' },
  },
  { response: ResponseType.ACCESS_DENIED, problem: Problem.FORBIDDEN },
  { response: ResponseType.EXPIRED_TOKEN, problem: Problem.FORBIDDEN },
  { response: ResponseType.INVALID_API_KEY, problem: Problem.FORBIDDEN },
  { response: ResponseType.INVALID_SIGNATURE, problem: Problem.FORBIDDEN },
  { response: ResponseType.WAF_FILTERED, problem: Problem.REQUEST_BLOCKED },
  { response: ResponseType.MISSING_AUTHENTICATION_TOKEN, problem: Problem.NOT_FOUND },
  { response: ResponseType.RESOURCE_NOT_FOUND, problem: Problem.NOT_FOUND },
  { response: ResponseType.REQUEST_TOO_LARGE, problem: Problem.PAYLOAD_TOO_LARGE },
  { response: ResponseType.UNSUPPORTED_MEDIA_TYPE, problem: Problem.UNSUPPORTED_MEDIA_TYPE },
  { response: ResponseType.THROTTLED, problem: Problem.TOO_MANY_REQUESTS, headers: { 'retry-after': '1' } },
  { response: ResponseType.QUOTA_EXCEEDED, problem: Problem.QUOTA_EXCEEDED },
  { response: ResponseType.API_CONFIGURATION_ERROR, problem: Problem.INTERNAL },
  { response: ResponseType.AUTHORIZER_CONFIGURATION_ERROR, problem: Problem.INTERNAL },
  { response: ResponseType.AUTHORIZER_FAILURE, problem: Problem.INTERNAL },
  { response: ResponseType.INTEGRATION_FAILURE, problem: Problem.UNAVAILABLE },
  { response: ResponseType.INTEGRATION_TIMEOUT, problem: Problem.UPSTREAM_TIMEOUT },
  // A status set on these two would become the status of every answer above that names none.
  { response: ResponseType.DEFAULT_4XX, problem: Problem.REFUSED, keepStatus: true },
  { response: ResponseType.DEFAULT_5XX, problem: Problem.INTERNAL, keepStatus: true },
];

/** Gives every answer of the gateway itself the shape of a problem document (RFC 9457) that names the request. */
export function answerWithProblems(api: apigateway.RestApi): void {
  for (const { response, problem, headers, keepStatus } of GATEWAY_PROBLEMS) {
    api.addGatewayResponse(`Problem-${response.responseType}`, {
      type: response,
      statusCode: keepStatus ? undefined : String(problem.status),
      responseHeaders: quoted({
        'Content-Type': PROBLEM_CONTENT_TYPE,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        ...headers,
      }),
      templates: { 'application/json': problemTemplate(problem, keepStatus) },
    });
  }
}

function problemTemplate({ type, title, status }: ProblemKind, keepStatus = false): string {
  return JSON.stringify({
    type,
    title,
    status: keepStatus ? undefined : status,
    instance: 'urn:bulwark:request:$context.requestId',
  });
}

/** API Gateway takes a constant header value in single quotes. */
function quoted(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, `'${value}'`]));
}
