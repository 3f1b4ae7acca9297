import type { ErrorCode } from '../../contracts/error-codes.ts';

/** The section of `docs/errors.md` about a code, as this server serves it. */
export const errorPage = (publicUrl: string, code: ErrorCode): string => `${publicUrl}/docs/errors#${code}`;
