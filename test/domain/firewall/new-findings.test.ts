import { describe, expect, test } from 'vitest';
import { newFindings } from '../../../domain/firewall/new-findings.ts';
import { screenPayload } from './screening.ts';

const METADATA = 'http://169.254.169.254/';
const brought = (original: Record<string, unknown>, patched: Record<string, unknown>): string[] =>
  newFindings(screenPayload(original).findings, screenPayload(patched).findings).map(
    ({ id, pointer }) => `${id} ${pointer}`,
  );

describe('findings that an edit adds', () => {
  test('none when it changes nothing or removes something', () => {
    expect(brought({ url: METADATA }, { url: METADATA })).toEqual([]);
    expect(brought({ url: METADATA }, { url: 'https://a.example/' })).toEqual([]);
  });

  test('none when a known finding moves up in its list', () => {
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
    const [known] = screenPayload({ url: METADATA }).findings;
    if (!known) throw new Error('no finding');
    expect(newFindings([{ ...known, severity: 'low' }], [known])).toEqual([known]);
    expect(newFindings([known], [{ ...known, severity: 'low' }])).toEqual([]);
  });
});
