import { shortForm } from '../short-form.ts';
import { buggyBotProgram } from '../suites/adversaries/buggy-bot.ts';

shortForm(buggyBotProgram);
