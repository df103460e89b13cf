import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { stackNames } from '../../lib/contract/outputs';
import { UploadsOutput, uploadKeyOf } from '../../lib/contract/uploads';
import type { ApiClient } from '../../local/api-client';
import { StackUnderTest } from './stack-under-test';
import { redDot, scannersTestString } from './upload-files';

const stack = new StackUnderTest();
const s3 = new S3Client({ ...stack.access, forcePathStyle: true });
let api: ApiClient;
let clientId: string;
let quarantine: string;
let clean: string;

beforeAll(async () => {
  ({ api, clientId } = await stack.newClient('uploads'));
  const cloudFormation = new CloudFormationClient({ ...stack.access });
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: stackNames('local').data }));
  const outputs = new Map(Stacks?.[0]?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue ?? '']));
  quarantine = outputs.get(UploadsOutput.QUARANTINE_BUCKET) ?? '';
  clean = outputs.get(UploadsOutput.CLEAN_BUCKET) ?? '';
});

interface Offered {
  readonly id: string;
  readonly status: string;
  readonly upload: { readonly url: string; readonly fields: Record<string, string> };
  readonly expiresAt: string;
}

interface View {
  readonly status: string;
  readonly reasons?: readonly string[];
  readonly sha256?: string;
}

async function offer(contentType: string, sizeBytes: number): Promise<Offered> {
  const answer = await api.request('POST', '/v1/uploads', JSON.stringify({ contentType, sizeBytes }));
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 201 });
  return answer.json as Offered;
}

/** Sends a file by a form, as a browser does; other fields replace those of the form. */
async function send(
  { upload }: Offered,
  content: Buffer | string,
  changes: Record<string, string> = {},
): Promise<number> {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...upload.fields, ...changes })) form.set(name, value);
  form.set('file', new Blob([Buffer.from(content)]), 'file');
  const response = await fetch(upload.url, { method: 'POST', body: form });
  await response.text();
  return response.status;
}

async function read(id: string): Promise<View> {
  return (await api.request('GET', `/v1/uploads/${id}`)).json as View;
}

async function untilDecided(id: string): Promise<View> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const view = await read(id);
    if (view.status === 'clean' || view.status === 'refused' || performance.now() > deadline) return view;
    await sleep(250);
  }
}

/** Waits until the inspector has removed what came for an upload. */
async function untilGone(id: string): Promise<void> {
  const Prefix = uploadKeyOf(clientId, id);
  const deadline = performance.now() + 60_000;
  for (;;) {
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: quarantine, Prefix }));
    if (Versions.length === 0) return;
    if (performance.now() > deadline) throw new Error('A second object is still in quarantine.');
    await sleep(250);
  }
}

/** Uploads in one go, and waits for the verdict. */
async function upload(contentType: string, content: Buffer | string) {
  const offered = await offer(contentType, Buffer.byteLength(content));
  expect(await send(offered, content)).toBe(204);
  return { id: offered.id, key: uploadKeyOf(clientId, offered.id), view: await untilDecided(offered.id) };
}

async function keysIn(bucket: string): Promise<string[]> {
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  return (Contents ?? []).map(({ Key = '' }) => Key);
}

test('an image is clean, and can be read as what it was declared as; quarantine is empty of it', async () => {
  const image = redDot();
  const { key, view } = await upload('image/png', image);
  const sha256 = createHash('sha256').update(image).digest('hex');
  expect(view).toMatchObject({ status: 'clean', sha256 });

  const copy = await s3.send(new GetObjectCommand({ Bucket: clean, Key: key }));
  expect(Buffer.from((await copy.Body?.transformToByteArray()) ?? []).equals(image)).toBe(true);
  expect(copy).toMatchObject({ ContentType: 'image/png', ContentDisposition: 'attachment' });
  const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket: clean, Key: key }));
  expect(Object.fromEntries((TagSet ?? []).map(({ Key, Value }) => [Key, Value]))).toEqual({
    verdict: 'clean',
    sha256,
  });
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: quarantine, Prefix: key }));
  expect(Versions).toEqual([]);
});

test.each<[string, string, () => Buffer | string, string]>([
  ['a page declared as an image', 'image/png', () => '<html><script>alert(1)</script></html>', 'type-mismatch'],
  ['a text that is none', 'text/plain', () => 'a\0b', 'not-text'],
  ['an image that is a page as well', 'image/gif', () => 'GIF89a/*<script>*/;', 'polyglot'],
  ['the test string of the scanners', 'text/plain', scannersTestString, 'malware-signature'],
])('%s is refused, and nobody can read it', async (_, contentType, content, reason) => {
  const { key, view } = await upload(contentType, content());
  expect(view.status).toBe('refused');
  expect(view.reasons).toContain(reason);
  expect(await keysIn(clean)).not.toContain(key);
});

test('S3 itself refuses a file that is larger than was declared, and one under another key or type', async () => {
  const offered = await offer('image/png', 10);
  expect(await send(offered, redDot())).toBe(400);
  const small = Buffer.alloc(5);
  expect(await send(offered, small, { key: 'uploads/elsewhere' })).toBe(403);
  expect(await send(offered, small, { 'Content-Type': 'text/html' })).toBe(403);
  expect(await read(offered.id)).toMatchObject({ status: 'awaiting' });
  expect((await keysIn(quarantine)).filter((key) => key.endsWith(offered.id))).toEqual([]);
});

test('a form that is used a second time changes nothing', async () => {
  const image = redDot();
  const offered = await offer('image/png', image.length);
  expect(await send(offered, image)).toBe(204);
  expect(await untilDecided(offered.id)).toMatchObject({ status: 'clean' });
  expect(await send(offered, Buffer.alloc(image.length))).toBe(204);
  await untilGone(offered.id);
  const copy = await s3.send(new GetObjectCommand({ Bucket: clean, Key: uploadKeyOf(clientId, offered.id) }));
  expect(Buffer.from((await copy.Body?.transformToByteArray()) ?? []).equals(image)).toBe(true);
  expect(await read(offered.id)).toMatchObject({ status: 'clean' });
});

test('an upload is its client’s alone', async () => {
  const offered = await offer('image/png', 10);
  const { api: other } = await stack.newClient('other uploads');
  const answer = await other.request('GET', `/v1/uploads/${offered.id}`);
  expect(answer.status).toBe(404);
});

test.each([
  ['a type that is not taken', { contentType: 'application/zip', sizeBytes: 10 }],
  ['too many bytes', { contentType: 'image/png', sizeBytes: 10 * 1024 ** 2 + 1 }],
  ['no size', { contentType: 'image/png' }],
])('%s is refused with a problem document', async (_, body) => {
  const answer = await api.request('POST', '/v1/uploads', JSON.stringify(body));
  expect(answer.status).toBe(400);
  expect(answer.json).toMatchObject({ type: 'urn:bulwark:problem:invalid-request' });
});
