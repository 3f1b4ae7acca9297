import { shortForm } from '../short-form.ts';
import { hostileApproverProgram } from '../suites/adversaries/hostile-approver.ts';

shortForm(hostileApproverProgram);
