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

  it('begins some of many requests between two looks at the sockets, in order; without a burst each is begun at once', async () => {
    const { send, begun } = arrivals();
    send();
    expect(begun).toEqual([0]);
    for (let n = 1; n < 100; n++) send();
    const looks = [begun.length];
    while (begun.length < 100) {
      await nextTurn();
      looks.push(begun.length);
    }
    expect(looks).toEqual([20, 40, 60, 80, 100]);
    expect(begun).toEqual(begun.toSorted((a, b) => a - b));
    await nextTurn();
    send();
    expect(begun).toHaveLength(101);
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
