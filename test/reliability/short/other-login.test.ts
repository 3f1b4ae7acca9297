import { shortForm } from '../short-form.ts';
import { otherLoginProgram } from '../suites/adversaries/other-login.ts';

shortForm(otherLoginProgram);
