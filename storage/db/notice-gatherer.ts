/** Why a notice had no effect. `unfounded`: the database has no such event. */
export type IgnoredNotice = 'malformed' | 'unfounded' | 'excess';

/** Window in which notices are gathered for one query. The first notice after a pause is read at once. */
const GATHER_MS = 20;
/** More than this in a second are not read one by one. */
const MAX_PER_SECOND = 500;

export interface GathererOptions<T> {
  /** Undefined for a text that is not a notice. Must not throw. */
  parse: (payload: string) => T | undefined;
  /** Reads the rows that these notices are about. One call at a time. */
  read: (notices: T[]) => Promise<void>;
  onIgnored: (reason: IgnoredNotice) => void;
  /** Notices of the last second were not read. */
  onExcess: () => void;
  /** `read` has failed: its notices are lost. */
  onFailed: (error: unknown) => void;
}

export interface NoticeGatherer {
  /** Never throws, whatever the text is. */
  add(payload: string): void;
  /** Drops what is waiting, and reports nothing more. */
  stop(): void;
}

/**
 * Bounds what notices cost. The attacker is a login that may connect to the database: it sends any text, as often as it likes. Parsing
 * is total, equal notices count once per query, one query runs at a time, and a flood ends in one `onExcess` per second.
 */
export function noticeGatherer<T>({ parse, read, onIgnored, onExcess, onFailed }: GathererOptions<T>): NoticeGatherer {
  let waiting = new Map<string, T>();
  let isReading = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let lastRead = Number.NEGATIVE_INFINITY;
  let second: NodeJS.Timeout | undefined;
  let inSecond = 0;

  const schedule = () => {
    if (stopped || isReading || waiting.size === 0) return;
    timer ??= setTimeout(run, Math.max(0, lastRead + GATHER_MS - performance.now()));
  };
  const run = async () => {
    timer = undefined;
    const notices = [...waiting.values()];
    waiting = new Map();
    isReading = true;
    lastRead = performance.now();
    try {
      await read(notices);
    } catch (error) {
      if (!stopped) onFailed(error);
    } finally {
      isReading = false;
      schedule();
    }
  };
  const endSecond = () => {
    second = undefined;
    const isExcess = inSecond > MAX_PER_SECOND;
    inSecond = 0;
    if (isExcess) onExcess();
  };

  return {
    add(payload) {
      if (stopped) return;
      const notice = parse(payload);
      if (notice === undefined) return onIgnored('malformed');
      second ??= setTimeout(endSecond, 1_000);
      if (++inSecond > MAX_PER_SECOND) return onIgnored('excess');
      waiting.set(payload, notice);
      schedule();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      clearTimeout(second);
    },
  };
}
