import { shortForm } from '../short-form.ts';
import { otherAccountProgram } from '../suites/adversaries/other-account.ts';

shortForm(otherAccountProgram);
