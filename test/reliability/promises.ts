/**
 * What the product promises, by name: the one place that defines a name. README, threat model and report print name and meaning;
 * `test/promises.test.ts` compares them.
 */
export const PROMISES = {
  'not lost': 'an acknowledged request is never lost',
  'one resolution': 'exactly one resolution; every later attempt gets it as its answer',
  'approved bytes': 'what runs is byte for byte what was approved',
  'one effect': 'one approval permits one effect, and is claimed before anything runs',
  deadline: 'a deadline fires, also after an outage; an undecided request is never approved',
  delivered: 'every decision reaches the agent, and a LangGraph thread is continued exactly once',
  receipt: 'no resolution without a receipt; if the receipt cannot be written, nothing is decided',
  verifiable: 'a receipt verifies offline',
  'complete history': 'history cannot be rewritten unnoticed',
  sealed: 'stored payloads and state are unreadable at rest, and cannot be moved to another project or request',
  shredded: 'shredded means unreadable',
  'separate projects': 'no key reads or decides in another project',
  'fails closed': 'a failing firewall holds the request or refuses the patch',
  'nothing readable': 'no secret or payload in logs, metrics, errors or histories',
  'bounded cost': 'hostile input has bounded cost, and ends no process',
} as const;

export type PromiseName = keyof typeof PROMISES;
