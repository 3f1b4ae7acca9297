import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { ACTIVITY } from '../../contracts/activities.ts';

const PREFIX = /^letsping\.[a-zA-Z]+$/;

test('every activity is registered under a name with our prefix, so that it cannot overwrite an activity of a team', () => {
  // Composing calls nothing.
  const names = Object.keys(createActivities({ stores: {} } as never));
  expect(names.filter((name) => !PREFIX.test(name))).toEqual([]);
  const { resumeThread, ...ours } = ACTIVITY;
  expect(names.toSorted()).toEqual(Object.values(ours).toSorted());
  expect(resumeThread).toMatch(PREFIX);
});

test('the recorded histories name activities with our prefix only', () => {
  const folder = new URL('../histories/', import.meta.url);
  const recorded = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    // The marker of a local activity carries its name in a payload.
    .map((text) => text.replaceAll(/"data": "([^"]+)"/g, (_, data: string) => Buffer.from(data, 'base64').toString()));
  const names = recorded.flatMap((text) => [
    ...text.matchAll(/activity_type":"([^"]+)"|activityType":\s*\{\s*"name":\s*"([^"]+)"/g),
  ]);
  expect(names.length).toBeGreaterThan(20);
  expect(names.map(([, local, remote]) => local ?? remote!).filter((name) => !PREFIX.test(name))).toEqual([]);
});
