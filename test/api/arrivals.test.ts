import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createArrivals } from '../../api/limits/arrivals.ts';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

function arrivals() {
  const server = new EventEmitter();
  const begin = createArrivals(server as never);
  const begun: number[] = [];
  let sent = 0;
  return {
    begun,
    send: () => {
      const at = sent++;
      begin(() => void begun.push(at));
    },
    connect: () => void server.emit('connection'),
  };
}

describe('arrivals', () => {
  it('begins requests of a calm server at once', async () => {
    const { send, connect, begun } = arrivals();
    for (let n = 0; n < 50; n++) {
      if (n % 2 === 0) connect();
      send();
      expect(begun).toHaveLength(n + 1);
      await nextTurn();
      await nextTurn();
    }
  });

  it('begins few of many requests between two looks at the sockets, all of them, in their order', async () => {
    const { send, begun } = arrivals();
    for (let n = 0; n < 500; n++) send();
    let last = 0;
    for (let turn = 0; turn < 500 && begun.length < 500; turn++) {
      expect(begun.length - last).toBeLessThanOrEqual(20);
      last = begun.length;
      await nextTurn();
    }
    expect(begun).toEqual(Array.from({ length: 500 }, (_, at) => at));
  });

  it('accepts a burst of connections first, and then begins what they sent', async () => {
    const { send, connect, begun } = arrivals();
    for (let turn = 0; turn < 1_000; turn++) {
      connect();
      send();
      await nextTurn();
    }
    expect(begun.length).toBeGreaterThan(10);
    expect(begun.length).toBeLessThan(50);
    for (let turn = 0; turn < 100; turn++) await nextTurn();
    expect(begun).toEqual(Array.from({ length: 1_000 }, (_, at) => at));
  });

  it('does not hold requests back for as long as connections come', async () => {
    const { send, connect, begun } = arrivals();
    for (let turn = 0; turn < 4_000; turn++) {
      connect();
      send();
      await nextTurn();
    }
    expect(begun.length).toBeGreaterThan(3_900);
  });
});
