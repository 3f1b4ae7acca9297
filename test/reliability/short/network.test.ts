import { shortForm } from '../short-form.ts';
import { networkProgram } from '../suites/adversaries/network.ts';

shortForm(networkProgram);
