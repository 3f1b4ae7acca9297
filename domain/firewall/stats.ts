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
  amounts: readonly { minor: number; currency: string }[];
}

/** What the host knows of earlier calls; the firewall keeps nothing itself. */
export interface ScreenStats {
  /** The instant of this call, epoch milliseconds. */
  now_ms: number;
  agent?: string;
  /** Earlier calls of the project, as far back as its longest window. */
  past: readonly PastAction[];
}
