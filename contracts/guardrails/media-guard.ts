import { z } from 'zod/v4';
import { described, guardrailRule, texts } from './rule.ts';

export const MediaGuardRule = guardrailRule('media_guard', {
  mime: texts(200, 100, 'Media types that may be sent, as image/png or image/*'),
  max_bytes: described(z.int().min(1).optional(), 'Most bytes of one medium'),
  max_pixels: described(z.int().min(1).optional(), 'Most pixels of one picture, width times height'),
  max_duration_s: described(z.number().min(0).optional(), 'Longest sound or film'),
});
