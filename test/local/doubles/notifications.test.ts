import type { HttpDouble } from '../../../local/doubles/http-double';
import { LOCAL_ROUTING_KEY, startPagerDutyDouble } from '../../../local/doubles/pager-duty';
import { SLACK_WEBHOOK_PATH, startSlackDouble } from '../../../local/doubles/slack';

let double: HttpDouble;

afterEach(() => double.stop());

const post = (path: string, content: unknown, signal?: AbortSignal) =>
  fetch(`${double.url}${path}`, {
    method: 'POST',
    body: typeof content === 'string' ? content : JSON.stringify(content),
    ...(signal && { signal }),
  });

const received = async () => {
  const calls = (await (await fetch(`${double.url}/_double/calls`)).json()) as { received: { status: number }[] };
  return calls.received;
};

describe('Slack', () => {
  beforeEach(async () => {
    double = await startSlackDouble();
  });

  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });

  test.each<[string, unknown, number, string]>([
    ['a text', { text: 'hello' }, 200, 'ok'],
    ['blocks', { blocks: [{ type: 'header', text: { type: 'plain_text', text: 'x' } }, section('y')] }, 200, 'ok'],
    ['50 blocks', { blocks: Array(50).fill(section('y')) }, 200, 'ok'],
    ['51 blocks', { blocks: Array(51).fill(section('y')) }, 400, 'invalid_blocks'],
    ['a section of 3000 characters', { blocks: [section('x'.repeat(3_000))] }, 200, 'ok'],
    ['a section of 3001 characters', { blocks: [section('x'.repeat(3_001))] }, 400, 'invalid_blocks'],
    ['an empty message', {}, 400, 'no_text'],
    ['a text of 40001 characters', { text: 'x'.repeat(40_001) }, 400, 'msg_too_long'],
    ['no JSON', 'text=hello', 400, 'invalid_payload'],
  ])('answers %s', async (_name, payload, status, text) => {
    const response = await post(SLACK_WEBHOOK_PATH, payload);
    expect([response.status, await response.text()]).toEqual([status, text]);
    expect((await received()).map((call) => call.status)).toEqual([status]);
  });

  test('does not know another webhook', async () => {
    const response = await post('/services/T0/B0/other', { text: 'x' });
    expect([response.status, await response.text()]).toEqual([404, 'no_service']);
  });
});

describe('PagerDuty', () => {
  beforeEach(async () => {
    double = await startPagerDutyDouble();
  });

  const trigger = {
    routing_key: LOCAL_ROUTING_KEY,
    event_action: 'trigger',
    dedup_key: 'queue-is-old',
    payload: { summary: 'The queue is old', source: 'bulwark', severity: 'critical' },
  };

  test('accepts a trigger, and answers its dedup key', async () => {
    const response = await post('/v2/enqueue', trigger);
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ status: 'success', message: 'Event processed', dedup_key: 'queue-is-old' });
  });

  test.each<[string, unknown, string[]]>([
    ['a bad routing key', { ...trigger, routing_key: 'x' }, ["'routing_key' is invalid"]],
    ['a bad action', { ...trigger, event_action: 'panic' }, ["'event_action' is invalid", "'dedup_key'"]],
    ['no payload', { ...trigger, payload: undefined }, ["'payload' is missing or blank"]],
    [
      'a bad severity',
      { ...trigger, payload: { ...trigger.payload, severity: 'P1' } },
      ["'payload.severity' is invalid"],
    ],
    [
      'a summary of 1025 characters',
      { ...trigger, payload: { ...trigger.payload, summary: 'x'.repeat(1_025) } },
      ["Length of 'payload.summary' is incorrect"],
    ],
    ['a resolve without a dedup key', { ...trigger, event_action: 'resolve', dedup_key: undefined }, ["'dedup_key'"]],
    ['no JSON', 'x', ['Event object is not valid JSON']],
  ])('refuses %s', async (_name, event, errors) => {
    const response = await post('/v2/enqueue', event);
    const answer = (await response.json()) as { status: string; errors: string[] };
    expect([response.status, answer.status]).toEqual([400, 'invalid event']);
    expect(answer.errors[0]).toContain(errors[0]);
  });

  test('plays the faults that it was told, then accepts again', async () => {
    await post('/_double/fail', { answer: 429, retryAfter: 2, times: 2 });
    await post('/_double/fail', { answer: 'hang' });
    const first = await post('/v2/enqueue', trigger);
    expect([first.status, first.headers.get('retry-after')]).toEqual([429, '2']);
    expect((await post('/v2/enqueue', trigger)).status).toBe(429);
    await expect(post('/v2/enqueue', trigger, AbortSignal.timeout(150))).rejects.toThrow(/timeout|aborted/i);
    expect((await post('/v2/enqueue', trigger)).status).toBe(202);
    expect((await received()).map(({ status }) => status)).toEqual([429, 429, 0, 202]);
    await post('/_double/reset', {});
    expect(await received()).toEqual([]);
  });

  test('refuses a fault that is none', async () => {
    const response = await post('/_double/fail', { answer: 200 });
    expect(response.status).toBe(400);
  });
});
