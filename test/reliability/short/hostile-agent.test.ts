import { shortForm } from '../short-form.ts';
import { hostileAgentProgram } from '../suites/adversaries/hostile-agent.ts';

shortForm(hostileAgentProgram);
