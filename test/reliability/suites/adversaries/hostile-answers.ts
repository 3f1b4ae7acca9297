import { Agent, type IncomingMessage, request } from 'node:http';
import { ERROR_STATUS, type ErrorCode, publishedCode } from '../../../../contracts/error-codes.ts';
import { pause } from '../../suite.ts';
import type { HostileRequest } from './hostile-requests.ts';

export interface HostileAnswer {
  /** 0: none. */
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
}

/** Longer than the bound of the api for an answer of its thread for large bodies. */
const ANSWER_MS = 90_000;
const MOST_REPEATS = 5;

/** Sends hostile requests over kept connections. */
export class HostileClient {
  readonly #port: number;
  readonly #agent: Agent;
  constructor(url: string, width: number) {
    this.#port = Number(new URL(url).port);
    this.#agent = new Agent({ keepAlive: true, maxSockets: width });
  }

  /** Answers of 503 that were followed by another attempt: the machine was busy. */
  repeated = 0;

  /** As a careful client: a 503 that says when to try again is followed, a few times. So is readiness, as an orchestrator does. */
  async send(hostile: HostileRequest): Promise<HostileAnswer> {
    for (let left = MOST_REPEATS; ; left--) {
      const answer = await this.#once(hostile);
      const after = answer.headers['retry-after'] ?? (hostile.path.startsWith('/readyz') ? '1' : undefined);
      if (answer.status !== 503 || after === undefined || left === 0) return answer;
      this.repeated += 1;
      await pause(Number(after) * 1_000);
    }
  }

  async #once(hostile: HostileRequest): Promise<HostileAnswer> {
    try {
      return await this.#attempt(hostile);
    } catch (error) {
      // The server may close an idle connection while a request is sent on it.
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ECONNRESET' || code === 'EPIPE') return await this.#attempt(hostile, false).catch(noAnswer);
      return noAnswer(error as Error);
    }
  }

  #attempt({ method, path, headers, body, chunked }: HostileRequest, isKept = true): Promise<HostileAnswer> {
    return new Promise((resolve, reject) => {
      const sent = request({
        host: '127.0.0.1',
        port: this.#port,
        agent: isKept ? this.#agent : false,
        method,
        path,
        setHost: !headers.some(([name]) => name === 'host'),
      });
      const failed = (error: Error) => {
        sent.destroy();
        reject(error);
      };
      const timer = setTimeout(() => failed(new Error(`no answer in ${ANSWER_MS} ms`)), ANSWER_MS);
      sent.on('close', () => clearTimeout(timer));
      sent.on('error', failed);
      sent.on('response', (answer) => {
        const parts: Buffer[] = [];
        const done = () =>
          resolve({ status: answer.statusCode!, headers: answer.headers, text: Buffer.concat(parts).toString() });
        answer.on('error', failed);
        if (answer.headers['content-type']?.includes('event-stream')) {
          done();
          sent.destroy();
          return;
        }
        answer.on('data', (chunk: Buffer) => parts.push(chunk));
        answer.on('end', done);
      });
      for (const [name, value] of headers) sent.setHeader(name, value);
      if (body === undefined) sent.end();
      else if (chunked) {
        sent.setHeader('transfer-encoding', 'chunked');
        sent.write(body.subarray(0, body.length >> 1));
        sent.end(body.subarray(body.length >> 1));
      } else {
        sent.setHeader('content-length', body.length);
        sent.end(body);
      }
    });
  }

  end(): void {
    this.#agent.destroy();
  }
}

const noAnswer = ({ message }: Error): HostileAnswer => ({ status: 0, headers: {}, text: message });

/** Checks one problem document against the codes. @returns what is wrong with it, if anything */
export function problemFault({ status, headers, text }: HostileAnswer): string | undefined {
  const type = headers['content-type'] ?? '';
  if (!type.startsWith('application/problem+json')) return `${status} with the media type ${JSON.stringify(type)}`;
  let problem: Record<string, unknown>;
  try {
    problem = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return `${status} with a body that is not JSON`;
  }
  const own = String(problem['type']).split('#').at(-1) as ErrorCode;
  if (ERROR_STATUS[own] !== status) return `${status} with the type ${problem['type']}`;
  if (problem['code'] !== own && problem['code'] !== publishedCode(status))
    return `${status} with the code ${problem['code']}`;
  if (problem['status'] !== status) return `${status}, and the document says ${problem['status']}`;
  if (problem['instance'] !== headers['x-request-id']) return `${status} whose instance is not its X-Request-Id`;
  return typeof problem['detail'] === 'string' && problem['detail'] !== '' ? undefined : `${status} without a detail`;
}

const codeOf = (text: string): string => (JSON.parse(text) as { type: string }).type.split('#').at(-1)!;

/** The rule for every answer: none of 5xx, and refusals are problem documents that the OpenAPI document announces. */
export function answerFault(hostile: HostileRequest, answer: HostileAnswer): string | undefined {
  const { status, text } = answer;
  if (status === 0) return `no answer: ${text}`;
  if (status >= 500) return `answered ${status}: ${text.slice(0, 300)}`;
  if (status >= 400 && !hostile.isPage && hostile.method !== 'HEAD') {
    const fault = problemFault(answer);
    if (fault) return `${fault}: ${text.slice(0, 300)}`;
  }
  if (!hostile.operation) return undefined;
  const announced = hostile.operation.responses[status];
  // A caller that names a version gets 304 for it (RFC 9110), and the document lists no conditional answers.
  if (status === 304 && hostile.headers.some(([name]) => name === 'if-none-match')) return undefined;
  if (!announced) return `answered ${status}, which the route does not announce: ${text.slice(0, 300)}`;
  if (status < 400 || announced.description.split(/[ ,]+/).includes(codeOf(text))) return undefined;
  return `answered ${status} ${codeOf(text)}, and the route announces ${announced.description}`;
}

/** One line that names a request, and enough of it to send it again. */
export const described = ({ method, path, headers, body, chunked }: HostileRequest): string => {
  const shown = headers.map(
    ([name, value]) =>
      `${name}: ${name === 'authorization' ? `${value.slice(0, 16)}…` : JSON.stringify(value.slice(0, 200))}`,
  );
  const bytes =
    body === undefined ? 'no body' : `${body.length} bytes ${JSON.stringify(body.toString('latin1').slice(0, 600))}`;
  return `${method} ${path.slice(0, 300)} {${shown.join(', ')}} ${bytes}${chunked ? ', chunked' : ''}`;
};
