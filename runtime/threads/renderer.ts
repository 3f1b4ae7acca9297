import { createThreadPool, type JobKind, programOf, type ThreadOptions } from './pool.ts';

const RENDER: JobKind = { program: programOf('api/page/render-thread'), ms: 2_000, heapMb: 512, maxOfKey: 20 };

export interface RenderThreads {
  /** The page of a request as a document; undefined if it was ended, its author is turned away, or it is too large. */
  render(author: string, view: string): Promise<string | undefined>;
  end(): Promise<void>;
}

/** Renders large pages on threads that are ended after 2 s or 512 MB. */
export function createRenderer(options: ThreadOptions = {}): RenderThreads {
  const pool = createThreadPool(RENDER, options);
  return {
    async render(author, view) {
      const outcome = await pool.run(author, view);
      return 'output' in outcome ? outcome.output : undefined;
    },
    end: () => pool.end(),
  };
}
