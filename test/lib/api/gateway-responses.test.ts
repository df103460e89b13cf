import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { MockIntegration, ResponseType, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { answerWithProblems } from '../../../lib/api/gateway-responses';
import { PROBLEM_CONTENT_TYPE, Problem } from '../../../lib/contract/problems';

const stack = new Stack(new App(), 'shop');
const api = new RestApi(stack, 'Api');
api.root.addMethod('GET', new MockIntegration());
answerWithProblems(api);
const responses = Object.values(Template.fromStack(stack).findResources('AWS::ApiGateway::GatewayResponse')).map(
  ({ Properties }) => Properties,
);
const responseTo = (type: ResponseType) => responses.find(({ ResponseType: given }) => given === type.responseType);
const bodyOf = (type: ResponseType) => JSON.parse(responseTo(type).ResponseTemplates['application/json']);

const everyType = Object.values(ResponseType)
  .filter((value): value is ResponseType => value instanceof ResponseType)
  .map(({ responseType }) => responseType);

test('answers every type that API Gateway has', () => {
  expect(responses.map(({ ResponseType: type }) => type).sort()).toEqual(everyType.sort());
});

test.each([
  [ResponseType.UNAUTHORIZED, Problem.UNAUTHENTICATED],
  [ResponseType.ACCESS_DENIED, Problem.FORBIDDEN],
  [ResponseType.MISSING_AUTHENTICATION_TOKEN, Problem.NOT_FOUND],
  [ResponseType.BAD_REQUEST_BODY, Problem.INVALID_REQUEST],
  [ResponseType.WAF_FILTERED, Problem.REQUEST_BLOCKED],
  [ResponseType.REQUEST_TOO_LARGE, Problem.PAYLOAD_TOO_LARGE],
  [ResponseType.UNSUPPORTED_MEDIA_TYPE, Problem.UNSUPPORTED_MEDIA_TYPE],
  [ResponseType.THROTTLED, Problem.TOO_MANY_REQUESTS],
  [ResponseType.QUOTA_EXCEEDED, Problem.QUOTA_EXCEEDED],
  [ResponseType.AUTHORIZER_FAILURE, Problem.INTERNAL],
  [ResponseType.INTEGRATION_FAILURE, Problem.UNAVAILABLE],
  [ResponseType.INTEGRATION_TIMEOUT, Problem.UPSTREAM_TIMEOUT],
])('answers $responseType with its problem, which names the request', (type, problem) => {
  expect(responseTo(type).StatusCode).toBe(String(problem.status));
  expect(bodyOf(type)).toEqual({ ...problem, instance: 'urn:bulwark:request:$context.requestId' });
});

test.each([
  [ResponseType.DEFAULT_4XX, Problem.REFUSED],
  [ResponseType.DEFAULT_5XX, Problem.INTERNAL],
])('leaves the status of $responseType as it is, and out of the document', (type, { title, type: problemType }) => {
  expect(responseTo(type).StatusCode).toBeUndefined();
  expect(bodyOf(type)).toEqual({ type: problemType, title, instance: 'urn:bulwark:request:$context.requestId' });
});

test.each(everyType)('says what %s is, and that nobody may store it or take it for something else', (type) => {
  expect(responses.find(({ ResponseType: given }) => given === type)?.ResponseParameters).toMatchObject({
    'gatewayresponse.header.Content-Type': `'${PROBLEM_CONTENT_TYPE}'`,
    'gatewayresponse.header.cache-control': "'no-store'",
    'gatewayresponse.header.x-content-type-options': "'nosniff'",
  });
});

test('says how to authenticate, and when to come back', () => {
  expect(responseTo(ResponseType.UNAUTHORIZED).ResponseParameters).toMatchObject({
    'gatewayresponse.header.www-authenticate': "'Bearer'",
  });
  expect(responseTo(ResponseType.THROTTLED).ResponseParameters).toMatchObject({
    'gatewayresponse.header.retry-after': "'1'",
  });
});

test('shows nothing of the inside', () => {
  const bodies = responses.map(({ ResponseTemplates }) => ResponseTemplates['application/json']).join();

  expect(bodies.match(/\$context\.[A-Za-z.]+/g)).toEqual(responses.map(() => '$context.requestId'));
});
