import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRecord, parseJson, type Route, type Routes, sendJson } from './http-double';

/** How the next requests of an Admin API are dealt with. */
export interface AdminFault {
  /** HTTP status; `hang` for no answer, `garbage` for no JSON, `lost` for a request that takes effect unanswered. */
  readonly answer: number | 'hang' | 'garbage' | 'lost';
  /** How many requests. @default 1 */
  readonly times?: number;
  /** Method of the requests that it is for. @default - all */
  readonly method?: string;
}

/** One request that an Admin API has seen. */
export interface AdminCall {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
}

const WORDS: readonly unknown[] = ['hang', 'garbage', 'lost'];

/** Plays the faults that it is told, and remembers what was asked; shared by the doubles of Admin APIs. */
export class AdminFaults {
  #faults: AdminFault[] = [];
  #calls: AdminCall[] = [];

  /** The routes with faults before them, and `POST /_double/fail`, `GET /_double/calls`, `POST /_double/reset`. */
  around(routes: Routes): Routes {
    const guarded = Object.entries(routes).map(([name, route]) => [name, this.#guard(route)]);
    return {
      ...Object.fromEntries(guarded),
      'POST /_double/fail': (_request, response, body) => this.#takeFault(response, parseJson(body)),
      'GET /_double/calls': (_request, response) => sendJson(response, 200, { calls: this.#calls }),
      'POST /_double/reset': (_request, response) => {
        this.#faults = [];
        this.#calls = [];
        sendJson(response, 200, {});
      },
    };
  }

  #guard(route: Route): Route {
    return async (request, response, body) => {
      const { method = '', url = '' } = request;
      this.#calls.push({ atMs: Date.now(), method, path: url });
      const at = this.#faults.findIndex((fault) => fault.method === undefined || fault.method === method);
      const [fault] = at < 0 ? [] : this.#faults.splice(at, 1);
      if (!fault) return route(request, response, body);
      await play(fault, request, response, () => route(request, response, body));
    };
  }

  #takeFault(response: ServerResponse, fault: unknown) {
    const answer = isRecord(fault) ? fault.answer : undefined;
    const isStatus = Number.isInteger(answer) && Number(answer) >= 400 && Number(answer) <= 599;
    if (!isStatus && !WORDS.includes(answer)) {
      return sendJson(response, 400, { error: `\`answer\` must be a status from 400 to 599, or ${WORDS.join(', ')}` });
    }
    const { times = 1 } = fault as AdminFault;
    for (let i = 0; i < times; i += 1) this.#faults.push(fault as AdminFault);
    sendJson(response, 200, {});
  }
}

async function play(
  { answer }: AdminFault,
  request: IncomingMessage,
  response: ServerResponse,
  carryOut: () => void | Promise<void>,
): Promise<void> {
  if (answer === 'hang') return;
  if (answer === 'garbage') {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>not what you wanted</html>');
    return;
  }
  if (answer !== 'lost') return sendJson(response, answer, { error: { message: 'The double was told to fail.' } });
  Object.assign(response, { writeHead: () => response, end: () => response });
  await carryOut();
  request.socket.destroy();
}
