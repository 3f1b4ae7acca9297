import { shortForm } from '../short-form.ts';
import { killMatrix } from '../suites/kill-matrix.ts';

shortForm(killMatrix);
