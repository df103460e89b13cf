import { join } from 'node:path';
import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { ResilientQueue, StandardFunction } from 'cdk-bulwark';
import type { Construct } from 'constructs';

/** Somebody's stack that has little to do with Bulwark: invoices that are written to a bucket, one by one. */
export class InvoiceStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const invoices = new s3.Bucket(this, 'Invoices', { enforceSSL: true });

    const queue = new ResilientQueue(this, 'Queue', {
      consumerTimeout: Duration.seconds(30),
      maxConcurrency: 4,
    });
    const writer = new StandardFunction(this, 'Writer', {
      code: lambda.Code.fromAsset(join(__dirname, 'handler')),
      timeout: Duration.seconds(30),
      environment: { BUCKET: invoices.bucketName },
    });

    queue.addConsumer(writer);
    invoices.grantPut(writer);
  }
}
