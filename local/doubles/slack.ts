import type { ServerResponse } from 'node:http';
import { type HttpDouble, isRecord, parseJson, startHttpDouble } from './http-double';
import { NotificationRecord } from './notifications';

/** Limits of a message. Source: "Formatting with Block Kit" and "Incoming webhooks", Slack API documentation. */
const MAX_BLOCKS = 50;
const MAX_SECTION_TEXT = 3_000;
const MAX_HEADER_TEXT = 150;
const MAX_TEXT = 40_000;

/** Path of the webhook that the double knows. */
export const SLACK_WEBHOOK_PATH = '/services/T00000000/B00000000/local';

/** Starts a double of Slack's incoming webhooks; what it received is at `GET /_double/calls`. */
export function startSlackDouble(port?: number): Promise<HttpDouble> {
  const record = new NotificationRecord();
  return startHttpDouble(
    {
      ...record.routes(),
      'POST /services/*': (request, response, body) => {
        const path = request.url ?? '';
        if (record.playFault(path, response, body)) return;
        const refusal = path === SLACK_WEBHOOK_PATH ? refusalOf(body) : { status: 404, text: 'no_service' };
        record.add(path, refusal?.status ?? 200, parseJson(body) ?? body);
        sendText(response, refusal?.status ?? 200, refusal?.text ?? 'ok');
      },
    },
    port,
  );
}

interface Refusal {
  readonly status: number;
  readonly text: string;
}

const refuse = (text: string): Refusal => ({ status: 400, text });

/** What Slack would say to this payload, or nothing when it would take it. */
function refusalOf(body: string): Refusal | undefined {
  const payload = parseJson(body);
  if (!isRecord(payload)) return refuse('invalid_payload');
  const { text, blocks, attachments } = payload;
  if (blocks !== undefined && !(Array.isArray(blocks) && blocks.length <= MAX_BLOCKS && blocks.every(isBlock))) {
    return refuse('invalid_blocks');
  }
  if (text === undefined && blocks === undefined && !Array.isArray(attachments)) return refuse('no_text');
  if (text !== undefined && (typeof text !== 'string' || text === '')) return refuse('no_text');
  if (typeof text === 'string' && text.length > MAX_TEXT) return refuse('msg_too_long');
  return undefined;
}

function isBlock(block: unknown): boolean {
  if (!isRecord(block) || typeof block.type !== 'string') return false;
  const text = isRecord(block.text) ? block.text.text : undefined;
  if (block.type === 'header') return typeof text === 'string' && text.length > 0 && text.length <= MAX_HEADER_TEXT;
  if (block.type !== 'section') return true;
  if (text === undefined) return Array.isArray(block.fields) && block.fields.length > 0 && block.fields.length <= 10;
  return typeof text === 'string' && text.length > 0 && text.length <= MAX_SECTION_TEXT;
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/html' });
  response.end(text);
}
