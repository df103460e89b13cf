import { ALL_GAPS, closedGaps } from '../../../local/emulator-gaps/all-gaps';
import { assembleStack } from '../../../local/emulator-gaps/deployed-stacks';
import { methodKey } from '../../../local/emulator-gaps/request-validator';

test('a gap is closed when the emulator did it for every resource that asks for it', () => {
  const report = (name: string, concerned: number, filled: number) => ({ name, reason: '', concerned, filled });
  const reports = [report('open', 2, 2), report('half', 2, 1), report('closed', 2, 0), report('unmet', 0, 0)];
  expect(closedGaps(reports).map(({ name }) => name)).toEqual(['closed']);
});

test('every gap has a name of its own and says why it is there', () => {
  expect(new Set(ALL_GAPS.map(({ name }) => name)).size).toBe(ALL_GAPS.length);
  for (const { name, reason } of ALL_GAPS) {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(reason.length).toBeGreaterThan(30);
  }
});

test('references of the template are resolved to physical ids', () => {
  const template = {
    Resources: {
      Api: { Type: 'AWS::ApiGateway::RestApi' },
      Jobs: { Type: 'AWS::ApiGateway::Resource' },
      Post: {
        Type: 'AWS::ApiGateway::Method',
        Properties: { RestApiId: { Ref: 'Api' }, ResourceId: { Ref: 'Jobs' }, HttpMethod: 'POST' },
      },
      NotDeployed: { Type: 'AWS::SQS::Queue' },
    },
  };
  const stack = assembleStack(
    's',
    template,
    new Map([
      ['Api', 'api1'],
      ['Jobs', 'res1'],
      ['Post', 'api1-res1-POST'],
    ]),
  );
  expect(stack.resources.map(({ logicalId }) => logicalId)).toEqual(['Api', 'Jobs', 'Post']);
  const post = stack.resources[2];
  expect(post && methodKey(post, stack)).toEqual({ restApiId: 'api1', resourceId: 'res1', httpMethod: 'POST' });
  expect(stack.resolve({ 'Fn::GetAtt': ['Api', 'Arn'] })).toBe('api1');
  expect(stack.resolve('plain')).toBe('plain');
  expect(stack.resolve({ 'Fn::GetAtt': ['Api', 'RootResourceId'] })).toBeUndefined();
});
