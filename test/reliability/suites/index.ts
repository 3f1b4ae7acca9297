import type { Suite } from '../suite.ts';
import { killMatrix } from './kill-matrix.ts';

export const SUITES: Suite[] = [killMatrix];
