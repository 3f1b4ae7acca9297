import { parse as parseContentType } from 'content-type';
import { type EventSourceMessage, EventSourceParserStream, ParseError } from 'eventsource-parser/stream';
import { ApprovalEvent } from '../contracts/events.ts';
import type { ApiConnection } from './api-connection.ts';
import { CommandFailed } from './command.ts';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** Of one unfinished event, in characters. Ours have about 200; a hostile server could send one that never ends. */
const MAX_EVENT = 64 * 1024;
/** An id goes back in a header. The server's are `<8 hex digits>-<number>`. */
const EVENT_ID = /^[\x21-\x7e]{1,200}$/;

/** The server is not one of ours, or not honest: a new connection would not help. */
const badAnswer = (message: string, cause?: unknown) =>
  new CommandFailed('LETSPING_BAD_ANSWER', message, 'check that LETSPING_BASE_URL is the address of the API', {
    cause,
  });

async function open(api: ApiConnection, lastId?: string): Promise<Response> {
  const response = await api.stream('/events', {
    accept: 'text/event-stream',
    ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
  });
  const { type } = parseContentType(response.headers.get('content-type') ?? '', { parameters: false });
  if (response.body && type === 'text/event-stream') return response;
  await response.body?.cancel();
  throw badAnswer('the server does not answer with an event stream');
}

/** The events of one answer. `onRetry` is called with the server's `retry:`. @throws CommandFailed for an endless event */
async function* messages(response: Response, onRetry: (ms: number) => void): AsyncGenerator<EventSourceMessage> {
  try {
    yield* response
      .body!.pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream({ maxBufferSize: MAX_EVENT, onRetry }));
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw badAnswer(`the server sent an event of more than ${MAX_EVENT / 1024} kB`, error);
  }
}

/** Undefined for an event that is not of this release, or not JSON. */
function approvalEvent({ data }: EventSourceMessage): ApprovalEvent | undefined {
  try {
    return ApprovalEvent.safeParse(JSON.parse(data)).data;
  } catch {
    return undefined;
  }
}

/**
 * An endless stream of events. It reconnects after a break and continues at the last event; a refusal of the API is thrown.
 * Resolves when the stream is open, so that a list that is read afterwards misses no change.
 */
export async function follow(api: ApiConnection, say: (line: string) => void): Promise<AsyncGenerator<ApprovalEvent>> {
  return events(api, say, await open(api));
}

async function* events(
  api: ApiConnection,
  say: (line: string) => void,
  first: Response,
): AsyncGenerator<ApprovalEvent> {
  let response: Response | undefined = first;
  let lastId: string | undefined;
  let shortest = FIRST_PAUSE_MS;
  const onRetry = (ms: number) => {
    shortest = Math.min(Math.max(ms, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
  };
  for (let tries = 0; ; tries += 1) {
    try {
      response ??= await open(api, lastId);
      for await (const message of messages(response, onRetry)) {
        tries = 0;
        if (message.id !== undefined) lastId = EVENT_ID.test(message.id) ? message.id : undefined;
        if (message.event === 'reset' && message.data === '{}')
          say('some events were missed: `letsping inbox` lists pending requests\n');
        const event = approvalEvent(message);
        if (event) yield event;
      }
    } catch (error) {
      if (error instanceof CommandFailed && error.code !== 'LETSPING_NETWORK') throw error;
    }
    response = undefined;
    const pause = Math.min(shortest * 2 ** tries, LONGEST_PAUSE_MS);
    say(`the event stream broke; reconnecting in ${pause / 1_000} s\n`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
