import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { GuardedApi } from '../api/guarded-api';
import type { HandlerName } from '../contract/handlers';
import { uploadSchema } from '../contract/upload-schema';
import { bundledCode } from '../functions/bundled-code';
import { StandardFunction } from '../functions/standard-function';
import type { EncryptedLogGroupProps } from '../logs/encrypted-log-group';
import type { QuarantinedUploads } from './quarantined-uploads';

/** Settings of `UploadRoutes`. */
export interface UploadRoutesProps {
  /** Where the uploads go. */
  readonly uploads: QuarantinedUploads;

  /** What gets the routes. Its authorizer must name the client as `clientId` in its context. */
  readonly api: GuardedApi;

  /**
   * Environment variables that both functions have beside their own.
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * Settings of the log groups of both functions.
   *
   * @default - those of `EncryptedLogGroup`
   */
  readonly logs?: EncryptedLogGroupProps;
}

/** The routes by which clients upload: `POST /v1/uploads` gives a form, and `GET /v1/uploads/{id}` tells what became of it. */
export class UploadRoutes extends Construct {
  /** Answers `POST /v1/uploads`; counts requests in the client's limits where `LIMITS_TABLE` is in its environment. */
  public readonly createUpload: StandardFunction;
  /** Answers `GET /v1/uploads/{id}`, to the client whose upload it is. */
  public readonly readUpload: lambda.Function;

  constructor(scope: Construct, id: string, props: UploadRoutesProps) {
    super(scope, id);
    const { uploads, api } = props;
    const createUpload = this.createFunction('CreateUpload', 'create-upload', props);
    uploads._connectCreator(createUpload);
    const readUpload = this.createFunction('ReadUpload', 'read-upload', props);
    uploads._connectReader(readUpload);
    const { GET, POST } = lambda.HttpMethod;
    // The contract's schema is plain JSON; the CDK's type spells the same words as an enum.
    const schema = uploadSchema as unknown as apigateway.JsonSchema;
    api.addRoute({ method: POST, path: '/v1/uploads', handler: createUpload, schema });
    api.addRoute({ method: GET, path: '/v1/uploads/{id}', handler: readUpload });
    this.createUpload = createUpload;
    this.readUpload = readUpload;
  }

  private createFunction(id: string, handler: HandlerName, props: UploadRoutesProps): StandardFunction {
    return new StandardFunction(this, id, {
      code: bundledCode(this, handler),
      logs: props.logs,
      environment: props.environment,
    });
  }
}
