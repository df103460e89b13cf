import { randomBytes } from 'node:crypto';
import { type HttpDouble, isRecord, parseJson, sendJson, startHttpDouble } from './http-double';
import { NotificationRecord } from './notifications';

/** Limits of an event. Source: "PD-CEF" and "Send an alert event", PagerDuty Events API v2. */
const ROUTING_KEY = /^[A-Za-z0-9]{32}$/;
const MAX_DEDUP_KEY = 255;
const MAX_SUMMARY = 1_024;
const SEVERITIES = ['critical', 'error', 'warning', 'info'];

/** Routing key that fits the API's form. */
export const LOCAL_ROUTING_KEY = 'local0000000000000000000000local';

/** Starts a double of PagerDuty's Events API v2; what it received is at `GET /_double/calls`. */
export function startPagerDutyDouble(port?: number): Promise<HttpDouble> {
  const record = new NotificationRecord();
  return startHttpDouble(
    {
      ...record.routes(),
      'POST /v2/enqueue': (request, response, body) => {
        if (record.playFault(request.url ?? '', response, body)) return;
        const event = parseJson(body);
        const errors = errorsOf(event);
        record.add(request.url ?? '', errors.length > 0 ? 400 : 202, event ?? body);
        if (errors.length > 0) {
          return sendJson(response, 400, { status: 'invalid event', message: 'Event object is invalid', errors });
        }
        const { dedup_key: dedupKey } = event as Record<string, unknown>;
        sendJson(response, 202, {
          status: 'success',
          message: 'Event processed',
          dedup_key: dedupKey ?? randomBytes(16).toString('hex'),
        });
      },
    },
    port,
  );
}

/** What PagerDuty would find wrong with this event. */
function errorsOf(event: unknown): string[] {
  if (!isRecord(event)) return ['Event object is not valid JSON'];
  const { routing_key: routingKey, event_action: action, dedup_key: dedupKey, payload } = event;
  const errors: string[] = [];
  if (typeof routingKey !== 'string' || !ROUTING_KEY.test(routingKey)) errors.push("'routing_key' is invalid");
  if (!['trigger', 'acknowledge', 'resolve'].includes(String(action))) errors.push("'event_action' is invalid");
  if (dedupKey !== undefined && (typeof dedupKey !== 'string' || dedupKey.length > MAX_DEDUP_KEY)) {
    errors.push("Length of 'dedup_key' is incorrect (should be from 1 to 255 symbols)");
  }
  if (action !== 'trigger') {
    if (!dedupKey) errors.push("'dedup_key' is missing or blank");
    return errors;
  }
  if (!isRecord(payload)) return [...errors, "'payload' is missing or blank"];
  const { summary, source, severity } = payload;
  if (typeof summary !== 'string' || summary === '') errors.push("'payload.summary' is missing or blank");
  else if (summary.length > MAX_SUMMARY) errors.push("Length of 'payload.summary' is incorrect");
  if (typeof source !== 'string' || source === '') errors.push("'payload.source' is missing or blank");
  if (!SEVERITIES.includes(String(severity))) errors.push("'payload.severity' is invalid");
  return errors;
}
