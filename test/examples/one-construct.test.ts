import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { InvoiceStack } from '../../examples/one-construct/invoice-stack';

const template = Template.fromStack(new InvoiceStack(new App(), 'invoices'));

test("feeds the guest's function from a queue that loses nothing", () => {
  template.hasResourceProperties('AWS::SQS::Queue', {
    VisibilityTimeout: 180,
    RedrivePolicy: { maxReceiveCount: 5, deadLetterTargetArn: Match.anyValue() },
  });
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ScalingConfig: { MaximumConcurrency: 4 },
  });
});

test("keeps the guest's environment beside the default one", () => {
  template.hasResourceProperties('AWS::Lambda::Function', {
    Environment: { Variables: { BUCKET: Match.anyValue(), NODE_OPTIONS: '--enable-source-maps' } },
  });
});

test('brings in nothing of the service: no API, no table', () => {
  template.resourceCountIs('AWS::ApiGateway::RestApi', 0);
  template.resourceCountIs('AWS::DynamoDB::Table', 0);
});
