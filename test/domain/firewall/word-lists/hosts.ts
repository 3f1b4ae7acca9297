import { readUrl } from '../../../../domain/firewall/hosts/url.ts';
import type { Exercise } from './exercise.ts';
import { reports } from './exercise.ts';

const url = (finding: string, hostOf: (name: string) => string): Exercise => ({
  ...reports(finding, (name) => ({ url: `http://${hostOf(name)}/x` })),
  placebo: 'qqz.example',
});

export const HOSTS: Record<string, Exercise> = {
  METADATA_NAMES: url('egress/metadata', (name) => name),
  LOOPBACK_NAMES: url('egress/loopback', (name) => name),
  INTERNAL_SUFFIXES: url('egress/internal_name', (suffix) => `a.${suffix}`),
  STEERED_SUFFIXES: url('egress/steered_name', (suffix) => `a.${suffix}`),
  DROP_SUFFIXES: url('destination/drop_site', (suffix) => `a.${suffix}`),
  PUBLIC_MAIL: {
    ...reports('destination/extra_domain', (domain) => ({ to: `a@${domain}`, cc: `b@${domain}` })),
    placebo: 'qqz.example',
  },
};

HOSTS['METADATA_ADDRESSES'] = {
  ...reports('egress/metadata', (address) => ({ url: `http://${address.includes(':') ? `[${address}]` : address}/` })),
  placebo: '93.184.216.34',
};
/** Two spellings of a host, by which these schemes make the same URL; any other text is none. */
HOSTS['SPECIAL_SCHEMES'] = { has: (scheme) => readUrl(`${scheme}:\\\\10.0.0.1\\x`)?.host === '10.0.0.1' };
HOSTS['SCHEMES_WITHOUT_SLASHES'] = { has: (scheme) => readUrl(`${scheme}:x`) !== undefined };
HOSTS['LOCAL_SCHEMES'] = { has: (scheme) => readUrl(`${scheme}:/x`) !== undefined };
