import { Duration, Size, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { GuardedApi, type QuarantinedUploadsProps, StandardFunction, UploadRoutes } from '../../../lib';
import { EnvironmentKey } from '../../../lib/contract/environment-keys';
import { uploadSchema } from '../../../lib/contract/upload-schema';
import { DEFAULT_UPLOAD_CONTENT_TYPES, UPLOAD_KEY_SHAPE } from '../../../lib/contract/uploads';
import { find, listOf, newStack, statementsOf, uploadsWith, withAction } from './uploads-stack';

function routesWith(props: QuarantinedUploadsProps = {}, environment?: Record<string, string>): Template {
  const stack: Stack = newStack();
  const { uploads } = uploadsWith(props, stack);
  const authorizer = new StandardFunction(stack, 'Authorize', { code: lambda.Code.fromInline('exports.handler = 1;') });
  const api = new GuardedApi(stack, 'Api', { authorizer });
  new UploadRoutes(stack, 'Routes', { uploads, api, ...(environment && { environment }) });
  return Template.fromStack(stack);
}

const template = routesWith();
const variablesOf = (of: Template, id: string) => {
  const { NODE_OPTIONS: _, ...variables } = find(of, 'AWS::Lambda::Function', id).Properties.Environment.Variables;
  return variables;
};

test('both routes need a client, and the body is checked at the gateway', () => {
  const methods = Object.values(template.findResources('AWS::ApiGateway::Method')).map(({ Properties }) => [
    Properties.HttpMethod,
    Properties.AuthorizationType,
    Properties.ApiKeyRequired,
  ]);
  expect(methods.sort()).toEqual([
    ['GET', 'CUSTOM', true],
    ['POST', 'CUSTOM', true],
  ]);
  template.hasResourceProperties('AWS::ApiGateway::Model', {
    Schema: { ...uploadSchema, $schema: 'http://json-schema.org/draft-04/schema#' },
  });
});

test('the functions know what they need and no more', () => {
  expect(variablesOf(template, 'RoutesCreateUpload')).toEqual({
    [EnvironmentKey.UPLOADS_TABLE]: { Ref: expect.stringMatching(/^UploadsTable/) },
    [EnvironmentKey.QUARANTINE_BUCKET]: { Ref: expect.stringMatching(/^UploadsQuarantine/) },
    [EnvironmentKey.UPLOAD_CONTENT_TYPES]: DEFAULT_UPLOAD_CONTENT_TYPES.join(','),
    [EnvironmentKey.UPLOAD_MAX_BYTES]: String(10 * 1024 ** 2),
    [EnvironmentKey.UPLOAD_WINDOW_SECONDS]: '300',
    [EnvironmentKey.UPLOAD_RECORD_DAYS]: '30',
  });
  expect(variablesOf(template, 'RoutesReadUpload')).toEqual({
    [EnvironmentKey.UPLOADS_TABLE]: { Ref: expect.stringMatching(/^UploadsTable/) },
  });
});

test('what is given reaches them', () => {
  const given = routesWith(
    {
      contentTypes: ['text/csv'],
      maxSize: Size.kibibytes(1),
      uploadWindow: Duration.minutes(1),
      recordRetention: Duration.days(9),
    },
    { [EnvironmentKey.ENVIRONMENT]: 'prod' },
  );
  expect(variablesOf(given, 'RoutesCreateUpload')).toMatchObject({
    [EnvironmentKey.ENVIRONMENT]: 'prod',
    [EnvironmentKey.UPLOAD_CONTENT_TYPES]: 'text/csv',
    [EnvironmentKey.UPLOAD_MAX_BYTES]: '1024',
    [EnvironmentKey.UPLOAD_WINDOW_SECONDS]: '60',
    [EnvironmentKey.UPLOAD_RECORD_DAYS]: '9',
  });
  expect(variablesOf(given, 'RoutesReadUpload')).toMatchObject({ [EnvironmentKey.ENVIRONMENT]: 'prod' });
});

/** What a role may do beside what every function may. */
const actionsOf = (role: string) =>
  statementsOf(template, role)
    .flatMap(({ Action }) => listOf(Action))
    .filter((action) => !/^(logs|xray):/.test(action))
    .sort();

test('who offers uploads may write rows and put objects; nobody here reads an object', () => {
  expect(actionsOf('RoutesCreateUploadRole').filter((action) => !action.startsWith('kms:'))).toEqual([
    'dynamodb:PutItem',
    's3:PutObject',
  ]);
  const [put] = withAction(statementsOf(template, 'RoutesCreateUploadRole'), 's3:PutObject');
  expect(JSON.stringify(put?.Resource)).toContain(`/${UPLOAD_KEY_SHAPE}"`);
  expect(actionsOf('RoutesReadUploadRole')).toEqual(['dynamodb:GetItem', 'kms:Decrypt', 'kms:DescribeKey']);
});
