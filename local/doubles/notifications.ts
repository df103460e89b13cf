import type { ServerResponse } from 'node:http';
import { isRecord, parseJson, type Routes, sendJson } from './http-double';

/** One notification that a double received, accepted or not. */
export interface Notification {
  readonly at: string;
  readonly path: string;
  readonly status: number;
  readonly body: unknown;
}

/** What the next requests are answered instead of being accepted. */
export interface NotificationFault {
  /** HTTP status, or `hang` for no answer at all. */
  readonly answer: number | 'hang';
  /** How many requests. @default 1 */
  readonly times?: number;
  /** Seconds in the `retry-after` header. @default no header */
  readonly retryAfter?: number;
}

/** Remembers notifications and plays the faults it was told; shared by the Slack and the PagerDuty double. */
export class NotificationRecord {
  #received: Notification[] = [];
  #faults: NotificationFault[] = [];

  add(path: string, status: number, body: unknown): void {
    this.#received.push({ at: new Date().toISOString(), path, status, body });
  }

  /** Plays the next fault, if there is one: then the request is dealt with. */
  playFault(path: string, response: ServerResponse, body: string): boolean {
    const fault = this.#faults.shift();
    if (!fault) return false;
    this.add(path, fault.answer === 'hang' ? 0 : fault.answer, parseJson(body) ?? body);
    if (fault.answer !== 'hang') {
      const headers = fault.retryAfter === undefined ? undefined : { 'retry-after': String(fault.retryAfter) };
      sendJson(response, fault.answer, { error: 'The double was told to fail.' }, headers);
    }
    return true;
  }

  /** `GET /_double/calls`, `POST /_double/fail` (a `NotificationFault`) and `POST /_double/reset`. */
  routes(): Routes {
    return {
      'GET /_double/calls': (_request, response) => sendJson(response, 200, { received: this.#received }),
      'POST /_double/fail': (_request, response, body) => this.#takeFault(response, parseJson(body)),
      'POST /_double/reset': (_request, response) => {
        this.#received = [];
        this.#faults = [];
        sendJson(response, 200, {});
      },
    };
  }

  #takeFault(response: ServerResponse, fault: unknown) {
    const answer = isRecord(fault) ? fault.answer : undefined;
    const isStatus = Number.isInteger(answer) && Number(answer) >= 400 && Number(answer) <= 599;
    if (!isStatus && answer !== 'hang') {
      return sendJson(response, 400, { error: '`answer` must be a status from 400 to 599, or "hang"' });
    }
    const { times = 1 } = fault as NotificationFault;
    for (let i = 0; i < times; i += 1) this.#faults.push(fault as NotificationFault);
    sendJson(response, 200, {});
  }
}
