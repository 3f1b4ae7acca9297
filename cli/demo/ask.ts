import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { ApprovalRequestDetail } from '../../contracts/approval-request.ts';
import type { Decision } from '../../contracts/decision.ts';
import { patchSentences } from '../../domain/diff.ts';
import { parseGuarded } from '../../domain/json/guard.ts';
import type { ApiConnection } from '../api-connection.ts';
import { CommandFailed, type Terminal } from '../command.ts';
import { describeRequest } from '../held-request.ts';
import { visible } from '../text.ts';

const KEYS = 'a approve · r reject · e edit · o open page · s skip and let it expire';

/** Opens the payload in the user's editor; the saved text is the patch. */
async function edited(payload: object, env: NodeJS.ProcessEnv): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(join(tmpdir(), 'letsping-edit-'));
  const file = join(folder, 'payload.json');
  try {
    await writeFile(file, `${JSON.stringify(payload, null, 2)}\n`, { mode: 0o600 });
    const [editor = 'vi', ...args] = (env['VISUAL'] || env['EDITOR'] || 'vi').split(' ');
    const code = await new Promise<number | null>((resolve, reject) => {
      spawn(editor, [...args, file], { stdio: 'inherit' })
        .once('exit', resolve)
        .once('error', reject);
    });
    if (code !== 0) throw new CommandFailed('editor_failed', `${editor} ended with ${code}`);
    const guarded = parseGuarded(await readFile(file, 'utf8'));
    if (!guarded.ok || typeof guarded.value !== 'object' || guarded.value === null || Array.isArray(guarded.value)) {
      throw new CommandFailed(
        'malformed_body',
        guarded.ok ? 'the payload is not a JSON object' : `${guarded.pointer}: ${guarded.reason}`,
      );
    }
    return guarded.value as Record<string, unknown>;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Opens the page in a browser, best effort; the link is also printed. */
function openPage(url: string): void {
  const command = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open';
  spawn(command, [url], { stdio: 'ignore', detached: true })
    .once('error', () => {})
    .unref();
}

export interface DemoAskOptions {
  approver: ApiConnection;
  held: ApprovalRequestDetail;
  terminal: Terminal;
  /** Signs in and redirects to the page of this request; works once. */
  pageUrl: string;
  /** `${public}/requests/${id}`, for all links after the first. */
  requestUrl: string;
  signal: AbortSignal;
}

/** Reads one line. Ctrl-C, Ctrl-D and a closed terminal end the demo. */
async function answerTo(question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  let leave = () => {};
  const left = new Promise<never>((_, reject) => {
    leave = () => reject(new CommandFailed('interrupted', 'interrupted'));
  });
  left.catch(() => {}); // handled by the race below, if it is still waiting
  lines.once('SIGINT', leave);
  lines.once('close', leave);
  signal.addEventListener('abort', leave);
  try {
    return (await Promise.race([lines.question(question), left])).trim();
  } finally {
    signal.removeEventListener('abort', leave);
    lines.close();
  }
}

/** Lets the user at the terminal decide. Returns a description of the decision. */
export async function ask({ approver, held, terminal, pageUrl, requestUrl, signal }: DemoAskOptions): Promise<string> {
  terminal.err(`\n${describeRequest(held)}\n`);
  let opened = false;
  for (;;) {
    const key = (await answerTo(`  ${KEYS}\n  > `, signal)).toLowerCase();
    try {
      switch (key) {
        case 'a':
          return await send({ type: 'approve', payload_digest: held.payload_digest });
        case 'r': {
          const reason = await answerTo('  reason for the agent: ', signal);
          if (reason) return await send({ type: 'reject', reason, payload_digest: held.payload_digest });
          break;
        }
        case 'e': {
          const patched_payload = await edited(held.payload, terminal.env);
          terminal.err(
            patchSentences(held.payload, patched_payload)
              .map((sentence) => `  - ${visible(sentence)}\n`)
              .join(''),
          );
          return await send({ type: 'patch', patched_payload, payload_digest: held.payload_digest });
        }
        case 'o':
          terminal.err(`  ${opened ? requestUrl : pageUrl}\n`);
          openPage(opened ? requestUrl : pageUrl);
          opened = true;
          break;
        case 's':
          return 'left to its deadline';
        default:
          break;
      }
    } catch (error) {
      if (!(error instanceof CommandFailed) || error.code === 'interrupted') throw error;
      if (error.code === 'not_pending') return 'decided elsewhere';
      terminal.err(`  ${error.message}\n`);
    }
  }

  async function send(decision: Decision): Promise<string> {
    await approver.call({ method: 'POST', path: `/approval-requests/${held.id}/decisions`, body: decision });
    return `${decision.type}, at this terminal`;
  }
}
