import { readdirSync, readFileSync } from 'node:fs';
import { Marked, type Tokens } from 'marked';
import { html, ofDocument } from '../page/html.ts';
import { pageText } from '../page/layout.ts';

/**
 * Renders `docs/*.md` as pages. Runs in the build, and from source in a test: the package contains the pages, and no renderer.
 * A link that leads nowhere, an image or markup of HTML ends the build.
 */

const ROOT = new URL(import.meta.url.endsWith('.ts') ? '../../' : '../../../', import.meta.url);
const FOLDER = new URL('docs/', ROOT);

/** The document that is served at `/docs`. */
const INDEX = 'README';

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string) => text.replace(/[&<>"]/g, (char) => ENTITIES[char] ?? char);

/** The id that GitHub gives to a heading, so that one link works there and here. */
const githubId = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-');

const COMMENT = /^<!--(?:(?!-->)[\s\S])*-->\s*$/;

interface Heading {
  id: string;
  text: string;
  depth: number;
}

/** Other files of the repository are read where it is published. */
function sourceAddress(path: string): string {
  const { homepage } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { homepage: string };
  return `${homepage.replace(/#.*$/, '')}/blob/main/${path}`;
}

/** The address of a link's target on the served pages. */
function addressOf(href: string, names: readonly string[], from: string): string {
  if (href.startsWith('#') || /^https?:\/\//.test(href)) return href;
  const { protocol, pathname, hash } = new URL(href, 'file:///docs/');
  if (protocol !== 'file:') throw new Error(`docs/${from}.md: ${href} is not a link that a page may have`);
  if (!pathname.startsWith('/docs/')) return `${sourceAddress(pathname.slice(1))}${hash}`;
  const name = pathname.slice('/docs/'.length).replace(/\.md$/, '');
  if (!names.includes(name)) throw new Error(`docs/${from}.md: ${href} is not a document`);
  return `${name === INDEX ? '/docs' : `/docs/${name}`}${hash}`;
}

function renderer(name: string, names: readonly string[], headings: Heading[]) {
  const refuse = (what: string): never => {
    throw new Error(`docs/${name}.md: ${what}`);
  };
  /** A second heading of the same words gets a number, as on GitHub. */
  const newId = (text: string): string => {
    const id = githubId(text);
    const before = headings.filter((heading) => githubId(heading.text) === id).length;
    return before === 0 ? id : `${id}-${before}`;
  };
  return new Marked({
    renderer: {
      heading({ tokens, depth }) {
        const text = this.parser.parseInline(tokens, this.parser.textRenderer);
        const id = newId(text);
        headings.push({ id, text, depth });
        // A code in capitals can be linked as it is written, too.
        const exact = /^[A-Z0-9_]+$/.test(text) ? `<span id="${text}"></span>` : '';
        return `<h${depth} id="${id}">${exact}${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        return `<a href="${escaped(addressOf(href, names, name))}">${this.parser.parseInline(tokens)}</a>`;
      },
      code({ text }) {
        return `<pre tabindex="0"><code>${escaped(text)}\n</code></pre>\n`;
      },
      // A wide table scrolls by itself, also with the keyboard.
      table(token: Tokens.Table) {
        const row = (cells: Tokens.TableCell[], tag: string) =>
          `<tr>${cells.map((cell) => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join('')}</tr>\n`;
        const head = token.header.some(({ text }) => text !== '') ? `<thead>${row(token.header, 'th')}</thead>\n` : '';
        return `<div class="scroll" tabindex="0"><table>${head}<tbody>${token.rows.map((cells) => row(cells, 'td')).join('')}</tbody></table></div>\n`;
      },
      // The tests of the documents read comments; a page has none.
      html: ({ text }) => (COMMENT.test(text) ? '' : refuse(`it contains HTML: ${text}`)),
      image: ({ href }) => refuse(`it contains an image: ${href}`),
    },
  });
}

const contents = (headings: Heading[]) => {
  const sections = headings.filter(({ depth }) => depth === 2);
  return (
    sections.length > 2 &&
    html`<nav class="contents" aria-label="On this page"><ul>${sections.map(({ id, text }) => html`<li><a href="#${id}">${text}</a></li>`)}</ul></nav>`
  );
};

/** @throws Error for a link that leads nowhere, an image, or markup of HTML */
export function renderDocument(name: string, text: string, names: readonly string[]): string {
  const headings: Heading[] = [];
  const body = renderer(name, names, headings).parse(text, { async: false });
  const [title] = headings;
  if (title?.depth !== 1) throw new Error(`docs/${name}.md: it does not begin with a title`);
  const index = name === INDEX ? false : html`<p class="crumb"><a href="/docs">All documents</a></p>`;
  return pageText({
    title: title.text,
    main: html`<div class="document">${index}${contents(headings)}<article>${ofDocument(body)}</article></div>`,
  });
}

/** Each page as HTML, by its name under `/docs`; the index has the empty name. */
export function renderDocuments(): Map<string, string> {
  const names = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.md'))
    .map((file) => file.replace(/\.md$/, ''));
  return new Map(
    names.map((name) => {
      const text = readFileSync(new URL(`${name}.md`, FOLDER), 'utf8');
      return [name === INDEX ? '' : name, renderDocument(name, text, names)];
    }),
  );
}
