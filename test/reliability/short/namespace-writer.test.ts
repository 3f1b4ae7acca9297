import { shortForm } from '../short-form.ts';
import { namespaceWriterProgram } from '../suites/adversaries/namespace-writer.ts';

shortForm(namespaceWriterProgram);
