import { shortForm } from '../short-form.ts';
import { resumeWorkerProgram } from '../suites/adversaries/resume-worker.ts';

shortForm(resumeWorkerProgram);
