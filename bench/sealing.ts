import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { newKey, seal, unseal } from '../crypto/envelope.ts';
import { type Budget, type Measured, percentile, print, rowOf } from './row.ts';

const KB = 1_000;
const MB = 1_000_000;
const CONTEXT = ['prj_bench', 'request', 'req_bench'] as const;
const AAD = Buffer.from(JSON.stringify(CONTEXT));

interface Case {
  name: string;
  bytes: number;
  inFlight: number;
  seal?: Budget;
  open?: Budget;
}

const CASES: Case[] = [
  { name: '1 KB', bytes: KB, inFlight: 1 },
  { name: '16 KB', bytes: 16 * KB, inFlight: 1 },
  { name: '100 KB', bytes: 100 * KB, inFlight: 1 },
  { name: '100 KB, 16 in flight', bytes: 100 * KB, inFlight: 16, seal: { atLeast: 0.6 }, open: { atLeast: 0.3 } },
  { name: '1 MB', bytes: MB, inFlight: 1, seal: { atLeast: 0.9 }, open: { atLeast: 0.6 } },
  { name: '5 MB', bytes: 5 * MB, inFlight: 1, seal: { atLeast: 0.9 }, open: { atLeast: 0.6 } },
];

/** The baseline: one AES-256-GCM call with one key; nonce and tag are stored with the ciphertext. */
const nodeKey = randomBytes(32);
async function nodeSeal(plain: Uint8Array): Promise<Buffer> {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', nodeKey, nonce).setAAD(AAD);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}
async function nodeOpen(sealed: Uint8Array): Promise<Buffer> {
  const decipher = createDecipheriv('aes-256-gcm', nodeKey, sealed.subarray(0, 12))
    .setAAD(AAD)
    .setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
}

/** Milliseconds that `calls` calls take, `inFlight` of them at a time. */
async function timed(calls: number, inFlight: number, work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  for (let done = 0; done < calls; done += inFlight) await Promise.all(Array.from({ length: inFlight }, work));
  return performance.now() - started;
}

/** Compares sealing in one call with `node:crypto`, by turns, so that a busy machine slows both. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  });
  const rounds = values.quick ? 15 : 40;
  const roundBytes = values.quick ? 4 * MB : 10 * MB;
  const key = newKey();
  const rows: Measured[] = [];
  for (const { name, bytes, inFlight, ...budgets } of CASES) {
    const plain = randomBytes(bytes);
    const sealed = { ours: await seal(key, CONTEXT, plain), node: await nodeSeal(plain) };
    const work = {
      seal: { ours: () => seal(key, CONTEXT, plain), node: () => nodeSeal(plain) },
      open: { ours: () => unseal(key, CONTEXT, sealed.ours), node: () => nodeOpen(sealed.node) },
    };
    const calls = Math.min(2_000, Math.max(inFlight, Math.ceil(roundBytes / bytes / inFlight) * inFlight));
    for (const measure of ['seal', 'open'] as const) {
      const times = { ours: [] as number[], node: [] as number[] };
      for (let round = -2; round < rounds; round++) {
        for (const side of round % 2 === 0 ? (['ours', 'node'] as const) : (['node', 'ours'] as const)) {
          const ms = await timed(calls, inFlight, work[measure][side]);
          if (round >= 0) times[side].push(ms); // two rounds to warm up
        }
      }
      const speed = (side: 'ours' | 'node') => (calls * bytes) / MB / (percentile(times[side], 50) / 1_000);
      const budget = budgets[measure];
      rows.push({
        case: name,
        measure,
        value: speed('ours'),
        unit: 'MB/s',
        baseline: speed('node'),
        ...(budget && { budget }),
      });
    }
  }
  print(
    rows.map((row) => rowOf('sealing', row)),
    values.json,
  );
}
