import * as apigateway from 'aws-cdk-lib/aws-apigateway';

/**
 * One JSON line a request: who, what, how it ended and how long it took. It names no header, body or key,
 * and a path, not its values, so that it holds nothing secret. Values are strings: an unset one is "-".
 */
export const ACCESS_LOG_FORMAT = apigateway.AccessLogFormat.custom(
  JSON.stringify({
    requestId: '$context.requestId',
    requestTime: '$context.requestTimeEpoch',
    traceId: '$context.xrayTraceId',
    principalId: '$context.authorizer.principalId',
    sourceIp: '$context.identity.sourceIp',
    method: '$context.httpMethod',
    route: '$context.resourcePath',
    status: '$context.status',
    responseType: '$context.error.responseType',
    responseLength: '$context.responseLength',
    latencyMs: '$context.responseLatency',
    integrationStatus: '$context.integration.status',
    integrationLatencyMs: '$context.integration.latency',
    wafResponse: '$context.wafResponseCode',
    authorizerStatus: '$context.authorizer.status',
    authorizerLatencyMs: '$context.authorizer.latency',
  }),
);
