import '../doubles/environment';
import { Cloud } from '../doubles/cloud';
import { captureOutput } from '../doubles/console-capture';
import { context, sqsRecord } from '../doubles/events';
import { startFederation } from '../doubles/federation';
import { Processor } from '../doubles/processor';

test('an account that does not let its identities be federated keeps the job, and the log names the switch', async () => {
  const federation = await startFederation();
  const off = Object.assign(new Error('off'), { name: 'OutboundWebIdentityFederationDisabledException' });
  federation.sts.onAnyCommand().rejects(off);
  const { handler } = await import('../../../lambda/process-job/handler');
  const cloud = new Cloud();
  const processor = new Processor(cloud);
  processor.nowMs = Date.now();
  const message = await processor.submit('the question');
  const output = captureOutput();
  await handler({ Records: [sqsRecord(message)] }, context());
  output.release();
  await federation.endpoints.stop();

  expect(cloud.job(message.jobId)).toMatchObject({ status: 'queued', failure: { reason: 'upstream-credential' } });
  expect(output.text()).toContain('aws iam enable-outbound-web-identity-federation');
  expect(federation.endpoints.requests()).toBe(0);
});
