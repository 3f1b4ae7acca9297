import { createRequire } from 'node:module';

/** Of the SDK's internals, in every release of our range. A test sends a reference to a running worker. */
const HELPERS = '@temporalio/common/lib/internal-non-workflow/extstore-helpers.js';

/**
 * Lets a reference to an external storage arrive as any other value that nobody here can read. Without this the SDK throws before a
 * converter or codec is asked: one Signal of a bot whose client has an external storage fails every workflow task, and an answer of
 * that kind a call of the api. The SDK has no option for it, and its own storage drivers throw for a reference that is malformed.
 *
 * For a process of ours, which never stores values externally.
 */
export function readNoExternalReferences(): void {
  const helpers = createRequire(import.meta.url)(HELPERS) as { isReferencePayload: () => boolean };
  helpers.isReferencePayload = () => false;
}
