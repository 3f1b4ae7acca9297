import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { guardedCall } from '../../examples/egress-guard/guarded-call.ts';

/** A network that only records: each lookup of a name returns its next list of addresses, and no connection is made. */
function recorder(answers: Record<string, string[][]>) {
  const lookups: string[] = [];
  const dialled: string[] = [];
  return {
    lookups,
    dialled,
    async resolve(host: string) {
      lookups.push(host);
      const addresses = answers[host]?.shift();
      if (!addresses) throw new Error(`ENOTFOUND ${host}`);
      return addresses;
    },
    async dial(url: URL, address: string) {
      dialled.push(`${url.hostname} at ${address}`);
      return 'answered';
    },
  };
}

test('the page shows the example as it runs here', () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  expect(read('docs/firewall.md')).toContain(`\`\`\`ts\n${read('examples/egress-guard/guarded-call.ts')}\`\`\``);
});

test('a name is looked up once, and the address that was checked is dialled', async () => {
  const network = recorder({ 'api.example': [['93.184.216.34', '2606:2800:220:1::1'], ['169.254.169.254']] });
  expect(await guardedCall(new URL('https://api.example/orders'), network)).toBe('answered');
  expect(network.lookups).toEqual(['api.example']);
  expect(network.dialled).toEqual(['api.example at 93.184.216.34']);
});

test.each<[string, string, Record<string, string[][]>]>([
  ['one of several addresses is inside', 'https://a.example/', { 'a.example': [['93.184.216.34', '10.0.0.4']] }],
  ['an address wraps an inner one', 'https://a.example/', { 'a.example': [['::ffff:169.254.169.254']] }],
  ['the name does not resolve', 'https://a.example/', {}],
  ['it resolves to nothing', 'https://a.example/', { 'a.example': [[]] }],
  ['it answers with no address', 'https://a.example/', { 'a.example': [['b.example']] }],
  ['the URL contains the address', 'http://2852039166/', {}],
  ['the name is of the local machine', 'http://localhost:8080/', {}],
])('nothing is dialled when %s', async (_, url, answers) => {
  const network = recorder(answers);
  await expect(guardedCall(new URL(url), network)).rejects.toThrow(/^egress\//);
  expect(network.dialled).toEqual([]);
});

test('an address in the URL is dialled without a lookup', async () => {
  const network = recorder({});
  await guardedCall(new URL('http://[2606:4700:4700::1111]:8080/'), network);
  await guardedCall(new URL('http://1.1.1.1/'), network);
  expect(network).toMatchObject({
    lookups: [],
    dialled: ['[2606:4700:4700::1111] at 2606:4700:4700::1111', '1.1.1.1 at 1.1.1.1'],
  });
});
