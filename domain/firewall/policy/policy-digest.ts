import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Policy } from '../../../contracts/policy.ts';
import { canonicalBytes } from '../../canonical-json.ts';

/** Names the exact rules a verdict was made by: SHA-256 of the RFC 8785 bytes of the document. Receipts carry it. */
export const policyDigest = (policy: Policy): string => `sha256:${bytesToHex(sha256(canonicalBytes(policy)))}`;
