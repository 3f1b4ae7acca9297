/** The ids of findings in the form `id pointer`. */
export const idsOf = (found: string[]): string[] => found.map((one) => one.split(' ')[0] ?? '');
