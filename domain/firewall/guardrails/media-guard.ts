import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { FindingName } from '../finding-names.ts';
import type { Guardrail } from '../guardrail.ts';
import { perOwner } from '../parsing/per-owner.ts';
import { visible } from '../text/confusables.ts';
import { type GuardrailDefinition, noHistory } from './definition.ts';
import { MIME_KEYS } from './words.ts';

const template = templatesOf('media_guard');

type MediaRule = RuleOf<'media_guard'>;

const isMimeKey = (words: readonly string[]): boolean => MIME_KEYS.has(words.join('')) || words.includes('mime');
const DATA_URL = /^[\s\p{C}]{0,100}data:/iu;
const PICTURE_DATA = /^data:([a-z]+\/[a-z0-9.+-]+)?(?:;[^,]*)?,/i;

/** Pictures, sound and film: their type, size and length, as declared or as a data URL shows. */
const create = (rule: MediaRule): Guardrail => ({
  id: 'media_guard',
  check(action) {
    const findings: Finding[] = [];
    const add = (id: FindingName<'media_guard'>, pointer: string, evidence: string, message: string): void => {
      if (findings.length < 50) findings.push(findingOf(template(id, 'medium', message), pointer, evidence));
    };
    const judgeMime = (mime: string, pointer: string): void => {
      const plain = (visible(mime).split(';')[0] ?? '').trim().toLowerCase();
      if (
        rule.mime &&
        !rule.mime.some((one) =>
          one.endsWith('/*') ? plain.startsWith(one.slice(0, -1)) : plain === one.toLowerCase(),
        )
      )
        add('mime', pointer, plain, 'The policy does not list this type of medium.');
    };
    for (const value of action.values) {
      if (value.type === 'text' && DATA_URL.test(value.text)) {
        const text = visible(value.text).trim();
        const head = PICTURE_DATA.exec(text);
        if (head) judgeMime(head[1] ?? 'text/plain', value.place.pointer);
        const bytes = Math.floor(((text.length - text.indexOf(',') - 1) * 3) / 4);
        if (rule.max_bytes !== undefined && bytes > rule.max_bytes)
          add('size', value.place.pointer, `${bytes} bytes`, 'This medium is larger than the policy allows.');
      }
      if (value.type !== 'principal_change') continue;
      const words = value.place.last;
      const { pointer } = value.place;
      if (typeof value.value === 'string' && isMimeKey(words)) judgeMime(value.value, pointer);
      if (!isMedium(value.place.owner)) continue;
      const limit = limitAt(words.join('_'), rule);
      if (limit === undefined) continue;
      const number = numberOf(value.value);
      if (number === undefined) continue;
      if (Number.isNaN(number)) {
        add(
          'unparsed',
          pointer,
          String(value.value),
          'This is not a number, so a limit of the policy cannot be checked.',
        );
        continue;
      }
      if (limit === 'size' && number > (rule.max_bytes ?? Infinity))
        add('size', pointer, `${number} bytes`, 'This medium is larger than the policy allows.');
      const height = limit === 'pixels' ? numberOf(heightBeside(value.place.owner)) : undefined;
      if (height !== undefined && !(number * height <= (rule.max_pixels ?? Infinity)))
        add('pixels', pointer, `${number} x ${height}`, 'This picture is larger than the policy allows.');
      const seconds = limit === 'duration_ms' ? number / 1000 : limit === 'duration' ? number : 0;
      if (seconds > (rule.max_duration_s ?? Infinity))
        add('duration', pointer, `${seconds} s`, 'This sound or film is longer than the policy allows.');
    }
    return findings;
  },
});

type Limited = 'size' | 'pixels' | 'duration' | 'duration_ms';

/** Which limit of the rule a member is judged by, from the words of its key. */
function limitAt(name: string, rule: MediaRule): Limited | undefined {
  if (/^(?:size|bytes|byte_size|size_bytes|length|content_length|file_size)$/.test(name))
    return rule.max_bytes === undefined ? undefined : 'size';
  if (name === 'width') return rule.max_pixels === undefined ? undefined : 'pixels';
  if (rule.max_duration_s === undefined || !/^duration(?:_s|_seconds|_ms)?$/.test(name)) return undefined;
  return name === 'duration_ms' ? 'duration_ms' : 'duration';
}

/** The number that a program makes of a value; NaN for a text that is none, undefined for what is no text and no number. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  const text = visible(value).trim();
  // `5.000` is five or five thousand.
  return /^[+-]?\d{1,15}(?:\.(?!\d{3}$)\d{1,15})?$/.test(text) ? Number(text) : Number.NaN;
}

const isMedium = perOwner(false, (owner) =>
  Object.keys(owner).some((key) => /mime|content.?type|media|width|height|duration|url|data/i.test(key)),
);
const heightBeside = perOwner<unknown>(
  undefined,
  (owner) => Object.entries(owner).find(([key]) => visible(key).trim().toLowerCase() === 'height')?.[1],
);

export const mediaGuard: GuardrailDefinition<'media_guard'> = {
  kind: 'media_guard',
  builtIn: false,
  loosens: { mime: 'only', max_bytes: 'most', max_pixels: 'most', max_duration_s: 'most' },
  historyWindow: noHistory,
  create,
};
