import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import { type GuardrailDefinition, noHistory } from './definition.ts';
import { MIME_KEYS } from './words.ts';

const template = templatesOf('media_guard');

type MediaRule = RuleOf<'media_guard'>;

const isMimeKey = (words: readonly string[]): boolean => MIME_KEYS.has(words.join('')) || words.includes('mime');
const PICTURE_DATA = /^data:([a-z]+\/[a-z0-9.+-]+)?(?:;[^,]*)?,/i;

/** Pictures, sound and film: their type, size and length, as declared or as a data URL shows. */
const create = (rule: MediaRule): Guardrail => ({
  id: 'media_guard',
  check(action) {
    const findings: Finding[] = [];
    const add = (id: string, pointer: string, evidence: string, message: string): void => {
      if (findings.length < 50) findings.push(findingOf(template(id, 'medium', message), pointer, evidence));
    };
    const judgeMime = (mime: string, pointer: string): void => {
      const plain = (mime.split(';')[0] ?? '').trim().toLowerCase();
      if (
        rule.mime &&
        !rule.mime.some((one) =>
          one.endsWith('/*') ? plain.startsWith(one.slice(0, -1)) : plain === one.toLowerCase(),
        )
      )
        add('mime', pointer, plain, 'The policy does not list this type of medium.');
    };
    for (const value of action.values) {
      if (value.type === 'text' && value.text.startsWith('data:')) {
        const head = PICTURE_DATA.exec(value.text);
        if (head) judgeMime(head[1] ?? 'text/plain', value.place.pointer);
        const bytes = Math.floor(((value.text.length - value.text.indexOf(',') - 1) * 3) / 4);
        if (rule.max_bytes !== undefined && bytes > rule.max_bytes)
          add('size', value.place.pointer, `${bytes} bytes`, 'This medium is larger than the policy allows.');
      }
      if (value.type !== 'principal_change') continue;
      const words = value.place.last;
      const { pointer } = value.place;
      if (typeof value.value === 'string' && isMimeKey(words)) judgeMime(value.value, pointer);
      if (typeof value.value !== 'number') continue;
      const medium = Object.keys(value.place.owner ?? {}).some((key) =>
        /mime|content.?type|media|width|height|duration|url|data/i.test(key),
      );
      if (!medium) continue;
      const name = words.join('_');
      if (
        rule.max_bytes !== undefined &&
        /^(?:size|bytes|byte_size|size_bytes|length|content_length|file_size)$/.test(name) &&
        value.value > rule.max_bytes
      )
        add('size', pointer, `${value.value} bytes`, 'This medium is larger than the policy allows.');
      const height = value.place.owner?.['height'];
      if (
        rule.max_pixels !== undefined &&
        name === 'width' &&
        typeof height === 'number' &&
        value.value * height > rule.max_pixels
      )
        add('pixels', pointer, `${value.value} x ${height}`, 'This picture is larger than the policy allows.');
      const seconds = /^duration_ms$/.test(name)
        ? value.value / 1000
        : /^duration(?:_s|_seconds)?$/.test(name)
          ? value.value
          : undefined;
      if (rule.max_duration_s !== undefined && seconds !== undefined && seconds > rule.max_duration_s)
        add('duration', pointer, `${seconds} s`, 'This sound or film is longer than the policy allows.');
    }
    return findings;
  },
});

export const mediaGuard: GuardrailDefinition<'media_guard'> = {
  kind: 'media_guard',
  builtIn: false,
  loosens: { mime: 'only', max_bytes: 'most', max_pixels: 'most', max_duration_s: 'most' },
  historyWindow: noHistory,
  create,
};
