import { describe, expect, test } from 'vitest';
import { newFindings } from '../../../domain/firewall/new-findings.ts';
import { judged } from './judge.ts';

const METADATA = 'http://169.254.169.254/';
const brought = (original: Record<string, unknown>, patched: Record<string, unknown>): string[] =>
  newFindings(judged(original).findings, judged(patched).findings).map(({ id, pointer }) => `${id} ${pointer}`);

describe('what an edit brought in', () => {
  test('nothing, when it changed nothing or took something away', () => {
    expect(brought({ url: METADATA }, { url: METADATA })).toEqual([]);
    expect(brought({ url: METADATA }, { url: 'https://a.example/' })).toEqual([]);
  });

  test('nothing, when a known finding moved up in its list', () => {
    expect(brought({ urls: ['https://a.example/', METADATA] }, { urls: [METADATA] })).toEqual([]);
  });

  test('a second copy of a known URL', () => {
    expect(brought({ urls: [METADATA] }, { urls: [METADATA, METADATA] })).toEqual(['egress/metadata /urls/1']);
  });

  test('another value at a known place', () => {
    expect(brought({ url: METADATA }, { url: 'http://169.254.170.2/' })).toEqual(['egress/metadata /url']);
  });

  test('a known value at another place', () => {
    expect(brought({ url: METADATA }, { hook: METADATA })).toEqual(['egress/metadata /hook']);
  });

  test('a known finding that became worse', () => {
    const [known] = judged({ url: METADATA }).findings;
    if (!known) throw new Error('no finding');
    expect(newFindings([{ ...known, severity: 'low' }], [known])).toEqual([known]);
    expect(newFindings([known], [{ ...known, severity: 'low' }])).toEqual([]);
  });
});
