import express, { type Request, type RequestHandler } from 'express';
import { interruptible } from '../middleware/interruptible.ts';

/** Reads a posted form of at most this size. */
export const form = (limit: '8kb' | '256kb'): RequestHandler =>
  interruptible(express.urlencoded({ extended: false, limit, parameterLimit: 20 }));

/** One field; a missing or repeated one is empty. */
export function field(req: Request, name: string): string {
  const body = req.body as Record<string, unknown> | undefined;
  const value = body && Object.hasOwn(body, name) ? body[name] : undefined;
  return typeof value === 'string' ? value : '';
}
