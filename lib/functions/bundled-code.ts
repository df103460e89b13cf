import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import { ConstructConfigError } from '../config-error';
import type { HandlerName } from '../contract/handlers';

/** Where the bundles lie as seen from the compiled file (dist/lib/functions) and from the source (lib/functions). */
const BUNDLE_ROOTS = [join(__dirname, '../../lambda'), join(__dirname, '../../dist/lambda')];

/**
 * The bundle of one of this project's handlers, so that a synthesis bundles nothing.
 *
 * @throws ConstructConfigError when the bundle has not been built
 */
export function bundledCode(scope: IConstruct, handler: HandlerName): lambda.Code {
  const folder = BUNDLE_ROOTS.map((root) => join(root, handler)).find((path) => existsSync(join(path, 'index.mjs')));
  if (folder === undefined) {
    throw new ConstructConfigError(scope.node.path, [
      `the bundle of handler \`${handler}\` is missing: run \`npm run bundle\` first`,
    ]);
  }
  return lambda.Code.fromAsset(folder);
}
