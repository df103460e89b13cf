import '../doubles/upload-environment';
import { handler } from '../../../lambda/inspect-upload/handler';
import { captureOutput } from '../doubles/console-capture';
import { context } from '../doubles/events';
import { arrived, UploadWorld } from '../doubles/upload-world';

let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.release());

test('inspects what the queue brings, and counts it under the name of these uploads', async () => {
  const world = new UploadWorld();
  const { upload, version } = await world.upload('hello');
  const answer = await handler({ Records: [arrived(version)] }, context());
  expect(answer).toEqual({ batchItemFailures: [] });
  expect(world.row(upload)).toMatchObject({ status: 'clean' });
  expect(output.lines()).toContainEqual(
    expect.objectContaining({ UploadsClean: 1, service: 'bulwark', uploads: 'stack/Uploads' }),
  );
  expect(output.lines()).toContainEqual(
    expect.objectContaining({ message: 'The upload is clean.', uploadId: upload.uploadId }),
  );
});

test('keeps the message of what it could not decide', async () => {
  const world = new UploadWorld();
  const { version } = await world.upload('hello');
  world.cloud.crash({ atStep: 2, when: 'before' });
  expect(await handler({ Records: [arrived(version)] }, context())).toEqual({
    batchItemFailures: [{ itemIdentifier: `arrived-${version.versionId}` }],
  });
});
