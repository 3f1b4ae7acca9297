/** The style sheet. System fonts, no external resources; colour is never the only sign of a state. */
export const STYLE = `:root {
  color-scheme: light dark;
  --ground: #f5f6f8; --card: #fff; --text: #171a20; --muted: #59606d; --line: #dfe2e8; --soft: #f0f2f6;
  --accent: #3457d5; --accent-text: #fff; --good: #12703d; --good-soft: #e2f4e9; --bad: #b3261e; --bad-soft: #fdeae8;
  --warn: #8a4b00; --warn-soft: #fff1dc; --calm: #2d4a8a; --calm-soft: #e6edfb;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1115; --card: #181b21; --text: #e8eaef; --muted: #a3abb8; --line: #2c313a; --soft: #20242c;
    --accent: #8aa4ff; --accent-text: #0b1020; --good: #6ddb9c; --good-soft: #12301f; --bad: #ff9d94; --bad-soft: #3b1a18;
    --warn: #ffc477; --warn-soft: #38270f; --calm: #a9c1ff; --calm-soft: #1c2742;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
h1, h2, h3, p, ul, ol, dl, dd, pre, blockquote { margin: 0; padding: 0; }
h1 { font-size: 1.55rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1.08rem; }
h3 { font-size: .95rem; margin-top: .4rem; }
a { color: var(--accent); }
code, pre, .payload { font-family: var(--mono); font-size: .86em; }
code { overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
main:focus, .notice:focus, .outcome:focus { outline: none; }
.muted { color: var(--muted); }
.absolute { color: var(--muted); font-size: .88em; white-space: nowrap; }
.visually-hidden { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .5rem 1rem; z-index: 1; }
.bar { display: flex; align-items: center; gap: .75rem; padding: .6rem 1.25rem; background: var(--card); border-bottom: 1px solid var(--line); }
.brand { display: flex; align-items: center; gap: .5rem; margin-right: auto; font-weight: 650; color: var(--text); text-decoration: none; }
.who { overflow-wrap: anywhere; }
.role { color: var(--muted); font-size: .86rem; }
.wide { max-width: 1180px; margin: 0 auto; padding: 1.25rem; display: grid; gap: 1.1rem; }
.narrow { max-width: 27rem; margin: 12vh auto 2rem; display: grid; gap: 1rem; }
main > .narrow:not(.card) { padding: 0 1.25rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.1rem 1.25rem; }
section.card { display: grid; gap: .75rem; }
.heading { display: grid; gap: .3rem; }
.heading .on { font-weight: 400; color: var(--muted); }
.crumb { font-size: .92rem; }
.columns, .column { display: grid; gap: 1.1rem; min-width: 0; align-content: start; }
.columns { grid-template-columns: minmax(0, 1fr) 21rem; }
.card > * { min-width: 0; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 8px; padding: .75rem .9rem; overflow: auto; line-height: 1.55; }
.payload { max-height: 32rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.jws { white-space: pre-wrap; overflow-wrap: anywhere; margin-top: .5rem; }
.json-key { color: var(--calm); }
.json-string { color: var(--good); }
.json-number, .json-boolean, .json-null { color: var(--warn); }
.unseen { background: var(--bad); color: var(--card); border-radius: 3px; padding: 0 .25em; font-size: .85em; }
mark { color: inherit; background: var(--warn-soft); outline: 1.5px solid var(--warn); border-radius: 3px; }
mark.high, mark.critical { background: var(--bad-soft); outline-color: var(--bad); }
.digest { font-size: .9rem; overflow-wrap: anywhere; }
.chip, .tag { display: inline-block; border-radius: 999px; padding: .05rem .6rem; font-size: .8rem; font-weight: 600; background: var(--soft); color: var(--muted); border: 1px solid var(--line); }
.tag { border-radius: 6px; font-weight: 500; color: var(--text); }
.status-pending, .severity-medium, .priority-high { background: var(--warn-soft); color: var(--warn); border-color: transparent; }
.status-approved { background: var(--good-soft); color: var(--good); border-color: transparent; }
.status-rejected, .severity-high, .severity-critical, .priority-critical { background: var(--bad-soft); color: var(--bad); border-color: transparent; }
.findings { list-style: none; display: grid; gap: .75rem; }
.finding { border-left: 4px solid var(--line); padding: .1rem 0 .1rem .9rem; }
.finding.medium { border-color: var(--warn); }
.finding.high, .finding.critical { border-color: var(--bad); }
.sentence { font-weight: 550; margin-bottom: .35rem; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .2rem .9rem; font-size: .92rem; }
dt { color: var(--muted); }
dd { overflow-wrap: anywhere; }
.facts { grid-template-columns: 1fr; gap: 0; }
.facts dd { margin-bottom: .6rem; }
.timeline { list-style: none; display: grid; gap: .9rem; font-size: .92rem; }
.timeline li { border-left: 3px solid var(--line); padding-left: .8rem; overflow-wrap: anywhere; }
.timeline .resolved { border-color: var(--accent); }
.timeline .incident { border-color: var(--bad); }
.timeline strong::first-letter { text-transform: uppercase; }
.stack { display: grid; gap: .6rem; }
form { margin: 0; }
label { font-weight: 600; font-size: .95rem; }
input:not([type=hidden]), textarea { width: 100%; font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--muted); border-radius: 8px; padding: .55rem .7rem; }
textarea { resize: vertical; }
#patched_payload { font-family: var(--mono); font-size: .86rem; line-height: 1.5; tab-size: 2; }
button, .button { font: inherit; font-weight: 600; border-radius: 8px; padding: .55rem 1.1rem; min-height: 2.75rem; border: 1px solid var(--line); background: var(--soft); color: var(--text); cursor: pointer; text-decoration: none; display: inline-flex; align-items: center; justify-content: center; overflow-wrap: anywhere; }
button:hover, .button:hover { border-color: var(--muted); }
button.primary { background: var(--accent); color: var(--accent-text); border-color: transparent; }
button.approve { background: var(--good); color: var(--card); border-color: transparent; width: 100%; }
button.reject { background: var(--bad); color: var(--card); border-color: transparent; }
button.quiet { background: none; border-color: transparent; min-height: 2.2rem; padding: .2rem .6rem; color: var(--muted); }
button:disabled { opacity: .55; cursor: default; }
.buttons { display: flex; flex-wrap: wrap; gap: .6rem; justify-content: flex-end; }
.decide { gap: 1.1rem; }
.decide > form + form, .decide > .patch { border-top: 1px solid var(--line); padding-top: 1rem; }
summary { cursor: pointer; font-weight: 600; padding: .2rem 0; }
details[open] > summary { margin-bottom: .6rem; }
#difference:not(:empty), .changes { background: var(--calm-soft); border-radius: 8px; padding: .65rem .9rem; overflow-wrap: anywhere; }
#difference ul, .changes { padding-left: 1.9rem; }
#difference ul { padding-left: 1.1rem; }
#difference p { font-weight: 600; }
.problem { color: var(--bad); }
.notice { background: var(--calm-soft); border-radius: 10px; padding: .8rem 1rem; display: grid; gap: .6rem; }
.notice.refused { background: var(--bad-soft); border: 1px solid var(--bad); }
.notice ul:not(.findings) { padding-left: 1.2rem; }
.outcome { border-top-width: 4px; }
.outcome.approved { border-top-color: var(--good); }
.outcome.rejected, .outcome.expired, .outcome.cancelled { border-top-color: var(--bad); }
blockquote { border-left: 4px solid var(--line); padding-left: .9rem; overflow-wrap: anywhere; white-space: pre-wrap; }
.receipt { display: grid; gap: .6rem; border-top: 1px solid var(--line); padding-top: .6rem; }
.inbox { list-style: none; padding: 0; overflow: hidden; }
.inbox li + li { border-top: 1px solid var(--line); }
.row { display: grid; grid-template-columns: minmax(0, 1fr) max-content; gap: .3rem 1rem; padding: .9rem 1.25rem; color: inherit; text-decoration: none; align-items: start; }
.row > * { min-width: 0; overflow-wrap: anywhere; }
.row .when { text-align: right; font-size: .88rem; }
.row .chip { justify-self: end; }
.row:hover { background: var(--soft); }
.row:focus-visible { outline-offset: -3px; }
.what strong { font-size: 1.05rem; }
.empty { text-align: center; padding: 3rem 1.25rem; display: grid; gap: .4rem; }
.pages { display: flex; gap: 1rem; justify-content: flex-end; }
.pages:not(:has(a)) { display: none; }
.foot { max-width: 1180px; margin: 0 auto; padding: .5rem 1.25rem 2rem; font-size: .92rem; }
.document { max-width: 60rem; margin: 0 auto; padding: 1.25rem; display: grid; gap: 1.1rem; }
.document > * { min-width: 0; }
.document article > * + * { margin-top: .9rem; }
.document h2 { font-size: 1.25rem; margin-top: 2.2rem; padding-top: 1.2rem; border-top: 1px solid var(--line); }
.document h3 { font-size: 1.02rem; margin-top: 1.6rem; }
.document h2, .document h3 { scroll-margin-top: 1rem; overflow-wrap: anywhere; }
.document h3 + p { margin-top: .3rem; }
.document :is(h2, h3):is(:target, :has(:target)) { background: var(--warn-soft); outline: .35rem solid var(--warn-soft); }
.document ul, .document ol { padding-left: 1.4rem; }
.document li + li { margin-top: .35rem; }
.document li > pre { margin-top: .6rem; }
.document pre code { overflow-wrap: normal; font-size: 1em; }
.document code { background: var(--soft); border-radius: 4px; padding: .05em .3em; }
.document pre code { background: none; padding: 0; }
.document td code { overflow-wrap: break-word; }
main:has(.document) + .foot { max-width: 60rem; }
.contents ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; font-size: .95rem; }
.contents li + li { margin: 0; }
.scroll { overflow-x: auto; }
.document table { border-collapse: collapse; font-size: .94rem; min-width: 100%; }
.document :is(th, td) { border: 1px solid var(--line); padding: .45rem .7rem; text-align: left; vertical-align: top; }
.document th { background: var(--soft); }
@media (max-width: 900px) { .columns { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 560px) {
  .bar, .wide, .document, .foot { padding-left: .9rem; padding-right: .9rem; }
  .bar { flex-wrap: wrap; gap: .4rem .6rem; }
  .role { display: none; }
  .card { padding: 1rem; }
  .inbox.card { padding: 0; }
  main > .narrow { margin: 1.5rem .9rem; }
  .row { grid-template-columns: minmax(0, 1fr); padding: .9rem 1rem; }
  .row .chip { justify-self: start; }
  .row .when { text-align: left; }
  .buttons > * { flex: 1 1 100%; }
}
@media (prefers-reduced-motion: no-preference) { button, .row { transition: background-color .12s, border-color .12s; } }
@media (forced-colors: active) { .chip, .unseen, mark { border: 1px solid; } }
`;
