import { expect, test } from 'vitest';
import { createRenderer } from '../../runtime/threads/renderer.ts';

test('a page that takes too long is ended, and its author is turned away', async () => {
  const stopped: string[] = [];
  const renderer = createRenderer({ threads: 1, ms: 1, onStopped: (key, why) => stopped.push(`${key} ${why}`) });
  const view = JSON.stringify({ request: { payload: Array(100_000).fill('x') } });
  expect(await renderer.render('key_slow', view)).toBeUndefined();
  expect(stopped).toEqual(['key_slow time']);
  expect(await renderer.render('key_slow', view)).toBeUndefined();
  expect(stopped).toHaveLength(1);
  await renderer.end();
});

test('a view that cannot be rendered is not shown', async () => {
  const renderer = createRenderer({ threads: 1 });
  expect(await renderer.render('key', '{}')).toBeUndefined();
  await renderer.end();
});
