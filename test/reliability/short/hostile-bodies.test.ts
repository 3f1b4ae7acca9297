import { shortForm } from '../short-form.ts';
import { hostileBodiesProgram } from '../suites/adversaries/hostile-bodies.ts';

shortForm(hostileBodiesProgram);
