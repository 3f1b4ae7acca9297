import { ApprovalEvent } from '../contracts/events.ts';
import type { ApiConnection } from './api-connection.ts';
import { CommandFailed } from './command.ts';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** The fields of one block of an event stream (WHATWG HTML, server-sent events). */
function fieldsOf(block: string): { data: string; id: string | undefined; name: string | undefined } {
  const data: string[] = [];
  let id: string | undefined;
  let event: string | undefined;
  for (const line of block.split('\n')) {
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line)!;
    if (name === 'data') data.push(value!);
    if (name === 'id') id = value!;
    if (name === 'event') event = value!;
  }
  return { data: data.join('\n'), id, name: event };
}

async function* blocks(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      yield text.slice(0, end);
      text = text.slice(end + 2);
    }
  }
}

const open = (api: ApiConnection, lastId?: string) =>
  api.stream('/events', { accept: 'text/event-stream', ...(lastId === undefined ? {} : { 'last-event-id': lastId }) });

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
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      response ??= await open(api, lastId);
      for await (const block of blocks(response.body!)) {
        pause = FIRST_PAUSE_MS;
        const { data, id, name } = fieldsOf(block);
        lastId = id ?? lastId;
        if (name === 'reset') say('some events were missed: `letsping inbox` lists pending requests\n');
        const event = data === '' ? undefined : ApprovalEvent.safeParse(JSON.parse(data)).data;
        if (event) yield event;
      }
    } catch (error) {
      if (error instanceof CommandFailed && error.code !== 'LETSPING_NETWORK') throw error;
    }
    response = undefined;
    say(`the event stream broke; reconnecting in ${pause / 1_000} s\n`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
