import { type CfnElement, CfnOutput } from 'aws-cdk-lib';
import type { Construct, IConstruct } from 'constructs';
import { UploadsOutput } from '../contract/uploads';
import { QuarantinedUploads, type QuarantinedUploadsProps } from '../uploads/quarantined-uploads';

/** The uploads of the data stack, with pinned logical ids and outputs. */
export function createUploads(scope: Construct, props: QuarantinedUploadsProps): QuarantinedUploads {
  const uploads = new QuarantinedUploads(scope, 'Uploads', props);
  const { table, quarantineBucket, cleanBucket, queue, encryptionKey } = uploads;
  if (!props.encryptionKey) pin(encryptionKey, 'UploadsKey');
  pin(table, 'UploadsTable');
  pin(quarantineBucket, 'UploadQuarantineBucket');
  pin(cleanBucket, 'UploadCleanBucket');
  pin(queue.queue, 'UploadsQueue');
  pin(queue.deadLetterQueue, 'UploadsDeadLetterQueue');
  const outputs: Record<string, string> = {
    [UploadsOutput.TABLE]: table.tableName,
    [UploadsOutput.QUARANTINE_BUCKET]: quarantineBucket.bucketName,
    [UploadsOutput.CLEAN_BUCKET]: cleanBucket.bucketName,
    [UploadsOutput.QUEUE_URL]: queue.queue.queueUrl,
    [UploadsOutput.DEAD_LETTER_QUEUE_URL]: queue.deadLetterQueue.queueUrl,
    [UploadsOutput.INSPECTOR]: uploads.inspector.functionName,
  };
  for (const [name, value] of Object.entries(outputs)) new CfnOutput(scope, name, { value });
  return uploads;
}

function pin(construct: IConstruct, logicalId: string): void {
  (construct.node.defaultChild as CfnElement).overrideLogicalId(logicalId);
}
