import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ConstructConfigError } from '../lib/config-error';
import { EnvironmentError, readEnvironment } from './environments';
import { composeService } from './service';

const app = new App();
try {
  composeService(
    app,
    readEnvironment((key) => app.node.tryGetContext(key)),
  );
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
} catch (error) {
  if (!(error instanceof EnvironmentError || error instanceof ConstructConfigError)) {
    throw error;
  }
  console.error(`bulwark: ${error.message}`);
  process.exitCode = 1;
}
