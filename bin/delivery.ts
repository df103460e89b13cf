// The app of what lets GitHub deploy, apart from the service: somebody deploys it by hand, once for each account.
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ConstructConfigError } from '../lib/config-error';
import { composeDelivery } from './delivery-stacks';

const app = new App();
try {
  composeDelivery(app);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
} catch (error) {
  if (!(error instanceof ConstructConfigError)) {
    throw error;
  }
  console.error(`bulwark: ${error.message}`);
  process.exitCode = 1;
}
