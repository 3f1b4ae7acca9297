import { z } from 'zod/v4';

const UNIT_MS = { min: 60_000, h: 3_600_000, d: 86_400_000 };

/** A span of time as a person writes it: `90min`, `24h`, `7d`. */
export const Span = z.string().regex(/^[1-9]\d{0,5}(min|h|d)$/, 'a span, as 90min, 24h or 7d');

/** Milliseconds of a `Span`. */
export const spanMs = (span: string): number =>
  Number.parseInt(span, 10) * UNIT_MS[span.replace(/^\d+/, '') as keyof typeof UNIT_MS];
