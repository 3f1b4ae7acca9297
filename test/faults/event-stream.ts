export interface HeardEvent {
  event: string;
  request_id: string;
  occurred_at: string;
}

/** A reader of the event stream, and what it heard. */
export interface EventStream {
  readonly events: HeardEvent[];
  readonly resets: number;
  stop(): void;
}

/** Resolves when the stream is open. */
export async function eventStream(url: string, key: string): Promise<EventStream> {
  const gone = new AbortController();
  const answer = await fetch(`${url}/api/events`, {
    headers: { authorization: `Bearer ${key}` },
    signal: gone.signal,
  });
  if (answer.status !== 200) throw new Error(`the event stream answered ${answer.status}`);
  const events: HeardEvent[] = [];
  let resets = 0;
  const read = async () => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (/^event: reset$/m.test(block)) resets += 1;
        else if (data !== undefined) events.push(JSON.parse(data));
      }
    }
  };
  read().catch(() => {}); // stopped
  return {
    events,
    get resets() {
      return resets;
    },
    stop: () => gone.abort(),
  };
}
