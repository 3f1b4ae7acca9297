import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { canonicalBytes } from '../../canonical-json.ts';
import { amountsAt, amountsOf } from '../money/amounts.ts';
import type { WrittenAmount } from '../money/money.ts';
import { destinationsOf } from '../outbound/destinations.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import { plainPayload } from '../parsing/plain-payload.ts';
import { visible } from '../text/confusables.ts';
import { PAYEE_KEYS } from './words.ts';

/** What is kept of one earlier call for the guardrails that count: digests and numbers, no payload. */
export interface PastAction {
  /** Epoch milliseconds. */
  at_ms: number;
  service: string;
  action: string;
  agent?: string;
  /** Equal for two payloads that are the same JSON. */
  exact: string;
  /** Equal for two payloads of the same shape. */
  shape: string;
  /** Smallest hashes of the shingles of the texts: their overlap estimates how alike two calls are. */
  shingles: readonly number[];
  /** Receivers, as compared. */
  targets: readonly string[];
  /** As the payload writes them: the rule that counts them knows their unit. */
  amounts: readonly WrittenAmount[];
}

/** The earlier calls that the host provides. The firewall itself stores nothing. */
export interface ScreenStats {
  /** The instant of this call, epoch milliseconds. */
  now_ms: number;
  agent?: string;
  /** Earlier calls of the project, as far back as its longest window. */
  past: readonly PastAction[];
}

/** The earlier calls of the last so many milliseconds. */
export const pastWithin = ({ now_ms, past }: ScreenStats, window_ms: number): PastAction[] =>
  past.filter((one) => one.at_ms > now_ms - window_ms && one.at_ms <= now_ms);

const MAX_TEXT = 64 * 1024;
const HASHES = 32;

/** What to keep of a call. `pointers` are the places of amounts that rules name, whatever their keys. */
export function pastOf(
  action: ParsedAction,
  at_ms: number,
  agent?: string,
  pointers: readonly string[] = [],
): PastAction {
  return {
    at_ms,
    service: action.service,
    action: action.action,
    ...(agent !== undefined && { agent }),
    exact: bytesToHex(sha256(canonicalBytes(plainPayload(action.payload) ?? action.payload))).slice(0, 32),
    shape: shapeOf(action),
    shingles: shinglesOf(action),
    targets: [...new Set([...destinationsOf(action).map((one) => one.receiver), ...payees(action)])],
    amounts: [
      ...amountsOf(action).filter(({ pointer }) => !pointers.includes(pointer)),
      ...pointers.flatMap((pointer) => amountsAt(action, pointer)),
    ],
  };
}

/** Accounts and people that are no network destination, but can be paid. */
function payees(action: ParsedAction): string[] {
  return action.values.flatMap((value) =>
    value.type === 'principal_change' &&
    typeof value.value === 'string' &&
    value.value !== '' &&
    value.value.length <= 320 &&
    value.place.last.some((word) => PAYEE_KEYS.has(word))
      ? [value.value.toLowerCase().replace(/\s+/g, '')]
      : [],
  );
}

/** The paths and types of all values, lists as one: no value of them. */
function shapeOf(action: ParsedAction): string {
  const seen = new Set(
    action.leaves
      .filter((leaf) => leaf.kind === 'value' && leaf.via.length === 0)
      .map((leaf) => `${visible(leaf.pointer).replace(/\/\d+(?=\/|$)/g, '/*')} ${typeof leaf.value}`),
  );
  return hex(hash([...seen].sort().join('\n'), 7)) + hex(hash(`${action.service}/${action.action}`, 11));
}

/** The smallest of each of 32 families of hashes over the three-word shingles of the texts. */
function shinglesOf(action: ParsedAction): number[] {
  const text = action.leaves
    .filter((leaf) => leaf.kind === 'value' && leaf.via.length === 0)
    .map((leaf) => visible(`${leaf.key} ${String(leaf.value)}`))
    .join(' ')
    .slice(0, MAX_TEXT)
    .toLowerCase();
  const words = text.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  const least = new Array<number>(HASHES).fill(0xffffffff);
  for (let at = 0; at < Math.max(1, words.length - 2); at += 1) {
    const one = hash(words.slice(at, at + 3).join(' '), 1);
    for (let family = 0; family < HASHES; family += 1) {
      const mixed = Math.imul(one ^ Math.imul(family + 1, 0x9e3779b1), 0x85ebca6b) >>> 0;
      if (mixed < (least[family] ?? 0)) least[family] = mixed;
    }
  }
  return least;
}

/** The share of shingles that two calls have in common, as far as their smallest hashes tell. */
export function similarity(a: readonly number[], b: readonly number[]): number {
  if (a.length === 0 || a.length !== b.length) return 0;
  return a.filter((value, at) => value === b[at]).length / a.length;
}

/** FNV-1a: fast, and nothing that matters depends on its strength. */
function hash(text: string, seed: number): number {
  let value = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}

const hex = (value: number): string => value.toString(16).padStart(8, '0');
