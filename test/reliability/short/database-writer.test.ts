import { shortForm } from '../short-form.ts';
import { databaseWriterProgram } from '../suites/adversaries/database-writer.ts';

shortForm(databaseWriterProgram);
