import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { ENCODINGS, FIELDS, KEYS_OF_CALLS, MEDIA_TYPES, METHODS, PATHS, RAW_PATHS, TEXTS } from './hostile-corpus.ts';
import { brokenJson, type Dice, hostileText, type JsonSchema, junk, Shapes } from './hostile-values.ts';

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  schema: JsonSchema;
}
interface Operation {
  /** `Roles: agent, admin.` */
  description?: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, { description: string }>;
}
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema> };
}

/** What the requests are made from: who sends them, and what exists. */
export interface Stock {
  url: string;
  /** Values of `Authorization`, by who sends them. */
  keys: Record<string, string>;
  /** The cookie of a signed-in approver. Signing in and out would end the session, so these are sent without it. */
  cookie: string;
  requests: readonly { id: string; payload_digest: string }[];
  key_ids: readonly string[];
  cursors: readonly string[];
}

export interface HostileRequest {
  /** The operation that answers; undefined where the path or the method was changed, and for pages. */
  operation: Operation | undefined;
  isPage: boolean;
  method: string;
  path: string;
  headers: [name: string, value: string][];
  body: Buffer | undefined;
  chunked: boolean;
}

interface Template {
  method: string;
  path: string;
  operation: Operation | undefined;
  isPage: boolean;
}

/** The approval page and the documents: not in the OpenAPI document. */
const PAGES: [method: string, path: string][] = [
  ['GET', '/'],
  ['GET', '/requests'],
  ['GET', '/requests/{id}'],
  ['GET', '/requests/{id}/decision'],
  ['POST', '/requests/{id}/decision'],
  ['POST', '/requests/{id}/preview'],
  ['GET', '/login'],
  ['POST', '/login'],
  ['POST', '/logout'],
  ['GET', '/sessions'],
  ['POST', '/sessions/{id}/end'],
  ['GET', '/docs'],
  ['GET', '/docs/{id}'],
  ['GET', '/assets/x/{id}'],
];
/** Header values may hold these bytes only; others never reach the application. */
const headerValue = (text: string) => text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '?').slice(0, 4_000);

/** Makes hostile requests over every documented route and page. */
export class HostileRequests {
  readonly #stock: Stock;
  readonly #shapes: Shapes;
  readonly #routes: Template[];

  constructor(document: OpenApi, stock: Stock) {
    this.#stock = stock;
    this.#shapes = new Shapes(document.components.schemas);
    this.#routes = [
      ...Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({
          method: method.toUpperCase(),
          path,
          operation,
          isPage: false,
        })),
      ),
      ...PAGES.map(([method, path]) => ({ method, path, operation: undefined, isPage: true })),
    ];
  }

  get routes(): number {
    return this.#routes.length;
  }

  make(dice: Dice): HostileRequest {
    const route = dice.pick(this.#routes);
    const target = dice.pick(this.#stock.requests);
    this.#shapes.digest = dice.chance(0.9) ? target.payload_digest : dice.pick(this.#stock.requests).payload_digest;
    const wild = dice.pick([0, 0, 0, 0.03, 0.15]);
    const isOther = dice.chance(0.06);
    const method = isOther && dice.chance(0.5) ? dice.pick(METHODS) : route.method;
    const path =
      isOther && dice.chance(0.5) ? dice.pick([...PATHS, ...RAW_PATHS]) : this.#path(route.path, target.id, dice);
    const { body, headers } = this.#body(route, dice, wild);
    const isSame = method === route.method && path.startsWith(route.path.split('{')[0]!) && !path.includes('!');
    return {
      operation: isSame ? route.operation : undefined,
      isPage: route.isPage || (isOther && !/^\/+(?:api|ingest|status)\b/i.test(path)),
      method,
      path: `${path.replaceAll('!', '')}${this.#query(route.operation, dice, wild)}`,
      headers: [...headers, ...this.#caller(route, dice), ...this.#others(route.operation, dice, wild)],
      body: method === 'TRACE' ? undefined : body,
      chunked: dice.chance(0.1),
    };
  }

  /** A path with `!` is not that of the route any more. */
  #path(template: string, request_id: string, dice: Dice): string {
    return template.replaceAll(/\{\w+\}/g, () => {
      const id = template.includes('/keys/') ? dice.pick(this.#stock.key_ids) : request_id;
      switch (dice.int(8)) {
        case 0: {
          const text = hostileText(dice)
            .replaceAll(/\p{Surrogate}/gu, '\ufffd')
            .slice(0, 300);
          return `!${encodeURIComponent(text)}`;
        }
        case 1:
          return `!${dice.pick(['%00', '%ff', '%', '%zz', '%2f', '.', '..', `${id}%00`, `${id}%0a`, id.toUpperCase()])}`;
        case 2:
          return dice.pick([`req_${'0'.repeat(26)}`, `key_${'7'.repeat(26)}`]);
        default:
          return id;
      }
    });
  }

  #query(operation: Operation | undefined, dice: Dice, wild: number): string {
    const parts: string[] = [];
    for (const { name, in: where, schema } of operation?.parameters ?? []) {
      if (where !== 'query' || dice.chance(0.5)) continue;
      const value = name === 'cursor' ? this.#cursor(dice) : this.#shapes.of(schema, dice, wild);
      const text = (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).replaceAll(
        /\p{Surrogate}/gu,
        '\ufffd',
      );
      parts.push(`${name}=${encodeURIComponent(text)}`);
      if (dice.chance(0.05)) parts.push(`${name}=again`);
    }
    if (dice.chance(0.1))
      parts.push(
        dice.pick([
          '%00=1',
          'service=%00',
          'service=%ff%fe',
          '__proto__[x]=1',
          'a[]=1',
          '&&&',
          '=',
          '%',
          'limit=1e1',
          '?',
        ]),
      );
    const query = parts.join('&').slice(0, 6_000);
    return query === '' ? '' : `?${query}`;
  }

  #cursor(dice: Dice): string {
    const valid = dice.pick(this.#stock.cursors);
    const encoded = (text: string) => Buffer.from(text).toString('base64url');
    const { id } = dice.pick(this.#stock.requests);
    switch (dice.int(6)) {
      case 0:
        return valid.slice(0, dice.int(valid.length));
      case 1:
        return `${valid}${dice.pick(['=', '\0', 'A', ' '])}`;
      case 2:
        return encoded(
          `${dice.pick(['9999-12-31T23:59:59.999Z', '+010000-01-01T00:00:00.000Z', '2000-13-01', 'now', '2026-01-01T00:00:00.000Z\0'])} ${id}`,
        );
      case 3:
        return encoded(`2026-01-01T00:00:00.000Z ${hostileText(dice)}`);
      case 4:
        return hostileText(dice);
      default:
        return valid;
    }
  }

  /** Mostly somebody who has the permission: a request that is refused for its sender tests little else. */
  #caller({ path, isPage, operation }: Template, dice: Dice): [string, string][] {
    const { keys, url } = this.#stock;
    const cookie = ['/login', '/logout'].includes(path) ? 'letsping=none' : this.#stock.cookie;
    if (isPage ? dice.chance(0.8) : dice.chance(0.08))
      return [
        [
          'cookie',
          dice.chance(0.85) ? cookie : dice.pick([`${cookie}; ${cookie}`, `x; =; ${cookie}%00`, 'letsping=', ';;']),
        ],
        ...(dice.chance(0.8) ? ([['origin', url]] as [string, string][]) : []),
      ];
    if (dice.chance(0.04)) {
      const key = Object.values(keys)[0]!;
      return [
        [
          'authorization',
          headerValue(dice.pick(['', 'Bearer', 'Basic eDp5', `${key}x`, key.toUpperCase(), `${key} ${key}`, ...TEXTS])),
        ],
      ];
    }
    if (dice.chance(0.03)) return [];
    const roles = Object.keys(keys).filter((name) => operation?.description?.includes(name));
    return [
      [
        'authorization',
        dice.chance(0.85) && roles.length > 0 ? keys[dice.pick(roles)]! : dice.pick(Object.values(keys)),
      ],
    ];
  }

  #others(operation: Operation | undefined, dice: Dice, wild: number): [string, string][] {
    const made: [string, string][] = [];
    for (const { name, in: where, schema } of operation?.parameters ?? []) {
      if (where !== 'header' || dice.chance(0.7)) continue;
      const value =
        name === 'Idempotency-Key'
          ? dice.chance(0.5)
            ? dice.pick(KEYS_OF_CALLS)
            : dice.bytes(8).toString('hex')
          : name === 'X-Letsping-Context'
            ? JSON.stringify(this.#shapes.of({ $ref: '#/components/schemas/ActionContext' }, dice, wild))
            : dice.chance(0.3)
              ? dice.pick(TEXTS)
              : String(this.#shapes.of(schema, dice, wild));
      made.push([name, headerValue(value)]);
    }
    if (dice.chance(0.15))
      made.push(
        dice.pick<[string, string]>([
          ['host', 'rebound.example'],
          ['host', ''],
          ['x-request-id', headerValue(dice.pick(TEXTS))],
          ['expect', '100-continue'],
          ['accept', 'x/y;q=2'],
          ['range', 'bytes=0-1'],
          ['if-none-match', '*'],
          ['x-http-method-override', 'DELETE'],
          ['x-forwarded-host', 'rebound.example'],
          ['upgrade', 'websocket'],
          ['te', 'trailers'],
          ['origin', 'null'],
          ['cookie', headerValue(`letsping=${dice.pick(TEXTS)}`)],
          ['last-event-id', headerValue(dice.pick(TEXTS))],
          ['x-filler', 'a'.repeat(8_000)],
        ]),
      );
    return made;
  }

  #body(route: Template, dice: Dice, wild: number): { body: Buffer | undefined; headers: [string, string][] } {
    if (route.method === 'GET' && dice.chance(0.95)) return { body: undefined, headers: [] };
    if (dice.chance(0.03)) return { body: undefined, headers: [] };
    if (route.isPage && dice.chance(0.9)) return this.#form(dice);
    const schema = route.operation?.requestBody?.content['application/json']?.schema ?? {};
    let value = this.#shapes.of(schema, dice, wild);
    if (dice.chance(0.02) && typeof value === 'object' && value !== null)
      value = { ...value, payload: { text: 'x'.repeat(20_000 + dice.int(30_000)), more: junk(dice) } };
    const plain = dice.chance(0.15) ? brokenJson(value, dice) : Buffer.from(JSON.stringify(value) ?? '');
    const type = dice.chance(0.9) ? 'application/json' : dice.pick(MEDIA_TYPES);
    const headers: [string, string][] = dice.chance(0.98) ? [['content-type', type]] : [];
    if (dice.chance(0.9)) return { body: plain, headers };
    const said = dice.pick(ENCODINGS);
    return { body: compressed(plain, dice), headers: [...headers, ['content-encoding', said]] };
  }

  #form(dice: Dice): { body: Buffer; headers: [string, string][] } {
    const { keys } = this.#stock;
    const fields = FIELDS.filter(() => dice.chance(0.6)).map((name) => {
      const text = dice.chance(0.4)
        ? hostileText(dice)
        : dice.pick([
            'approve',
            'reject',
            'patch',
            '{"amount":1}',
            '/requests',
            this.#shapes.digest,
            keys['approver']!.slice(7),
          ]);
      return `${name}=${encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '\ufffd'))}`;
    });
    if (dice.chance(0.1)) fields.push(dice.pick(['%', '%ff=%zz', 'type=x&type=y', '__proto__=1', 'a&'.repeat(50)]));
    const type = dice.chance(0.9)
      ? 'application/x-www-form-urlencoded'
      : dice.pick(['application/x-www-form-urlencoded; charset=utf-7', ...MEDIA_TYPES]);
    const plain = Buffer.from(fields.join('&'));
    const headers: [string, string][] = [['content-type', type]];
    if (dice.chance(0.9)) return { body: plain, headers };
    return { body: compressed(plain, dice), headers: [...headers, ['content-encoding', dice.pick(ENCODINGS)]] };
  }
}

/** Compressed by one of the known encodings or none, whole, cut short or changed: what the header says is another matter. */
function compressed(plain: Buffer, dice: Dice): Buffer {
  const whole = dice.pick([gzipSync, deflateSync, brotliCompressSync, (bytes: Buffer) => bytes])(plain);
  switch (dice.int(4)) {
    case 0:
      return whole.subarray(0, dice.int(whole.length + 1));
    case 1: {
      const changed = Buffer.from(whole);
      if (changed.length > 0) changed[dice.int(changed.length)] = dice.int(256);
      return changed;
    }
    default:
      return whole;
  }
}
