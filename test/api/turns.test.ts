import { expect, test } from 'vitest';
import { createTurns } from '../../api/limits/turns.ts';

const agent = { project_id: 'prj', key_id: 'key_a' };
const other = { project_id: 'prj', key_id: 'key_b' };
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a key has some requests under way, the others wait in its own line, in order', async () => {
  const turns = createTurns(2);
  const order: string[] = [];
  const take = async (name: string, who = agent) => {
    const turn = await turns.take(who);
    order.push(name);
    return turn;
  };
  const [first, second] = [await take('first'), await take('second')];
  const [third, fourth] = [take('third'), take('fourth')];
  await take('other', other);
  await settled();
  expect(order).toEqual(['first', 'second', 'other']);
  second.leave();
  second.leave();
  await third;
  await settled();
  expect(order).toEqual(['first', 'second', 'other', 'third']);
  first.leave();
  (await third).leave();
  (await fourth).leave();
  expect(order.at(-1)).toBe('fourth');
});

test('a request that waits for something else gives its place away, and waits for one afterwards', async () => {
  const turns = createTurns(1);
  const held = await turns.take(agent);
  held.leave();
  const next = await turns.take(agent);
  let isBack = false;
  const back = held.back().then(() => {
    isBack = true;
  });
  await settled();
  expect(isBack).toBe(false);
  next.leave();
  await back;
  held.leave();
  await (await turns.take(agent)).back();
});
