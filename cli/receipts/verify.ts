import type { JWK } from 'jose';
import type { Statement } from '../../contracts/receipt.ts';
import { type Check, type RevealedPayload, verifyReceipt } from '../../receipts/index.ts';
import { type Terminal, UsageError } from '../command.ts';
import { readObjectFile, readText } from '../input-file.ts';
import { jsonLine, table, visible } from '../text.ts';

export interface VerifyOptions {
  file: string;
  keys: string;
  payload: string | undefined;
  salt: string | undefined;
  json: boolean;
}

function readKeys(file: string): JWK[] {
  const { keys } = readObjectFile(file);
  if (Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null)) return keys as JWK[];
  throw new UsageError(`${file} is not a JWK set: it has no list of keys`);
}

function readRevealed(payload: string | undefined, salt: string | undefined): RevealedPayload | undefined {
  if (payload === undefined && salt === undefined) return undefined;
  if (payload === undefined || salt === undefined)
    throw new UsageError('--payload and --salt go together: the digest is taken over both');
  return { payload: readObjectFile(payload), salt };
}

/** The statement as a table for people. */
function inWords({ subject, predicate }: Statement): string {
  const { agent, project, service, action, outcome, cause, requested, executed, decided, policy, expires } = predicate;
  const who = decided.by
    ? `by ${decided.by.join(' and ')}`
    : cause === 'deadline'
      ? 'by the deadline'
      : `cause ${cause}`;
  const rows = [
    ['request', `${subject[0].name.replace(/^request:/, '')} of project ${project}`],
    ['requested', `${service}: ${action}, by ${agent} on ${requested.at}`],
    [
      'outcome',
      `${outcome}${executed?.patch === undefined ? '' : ' with modifications'}, ${cause === 'firewall' ? 'by the firewall' : who}`,
    ],
    ['decided', `on ${decided.at}${decided.channel === undefined ? '' : `, through ${decided.channel}`}`],
    ...Object.entries(decided.keys_made_by ?? {}).map(([who, maker]) => [
      'key',
      `${who} used a key that ${maker} made`,
    ]),
    ...(decided.verified === false ? [['verified', 'no: the decision was a plain Signal, without a key']] : []),
    ['may run', executed?.payload_digest ?? 'nothing'],
    [
      'policy',
      `version ${policy.version}, verdict ${policy.verdict}, ${policy.findings.length > 0 ? `findings ${policy.findings.join(', ')}` : 'no finding'}`,
    ],
    ['deadline', expires],
  ];
  return table(rows.map(([name, text]) => [name!, visible(text!)]));
}

const checksText = (checks: Check[]): string =>
  table(checks.map(({ check, ok, detail }) => [ok ? 'ok' : 'FAILED', check, visible(detail)]));

/** Prints each check, and what a valid receipt says. */
export async function verifyFile(options: VerifyOptions, terminal: Terminal): Promise<0 | 1 | 3> {
  const { file, payload, salt, json } = options;
  if ([file, options.keys, payload].filter((name) => name === '-').length > 1)
    throw new UsageError('only one file can be -');
  const keys = readKeys(options.keys);
  const revealed = readRevealed(payload, salt);
  const verification = await verifyReceipt(readText(file).trim(), keys, revealed);
  const { valid, checks } = verification;
  const isRevoked = !verification.valid && verification.revoked !== undefined;
  const verdict = valid ? 'valid' : isRevoked ? 'NOT valid: its signing key is revoked' : 'NOT valid';
  if (json) terminal.out(jsonLine(verification));
  else
    terminal.out(
      `${checksText(checks)}\n${verification.valid ? `${inWords(verification.statement)}\n` : ''}${verdict}\n`,
    );
  return valid ? 0 : isRevoked ? 3 : 1;
}
