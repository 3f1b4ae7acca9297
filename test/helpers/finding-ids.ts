/** The ids of findings that stand as `id pointer`. */
export const idsOf = (found: string[]): string[] => found.map((one) => one.split(' ')[0] ?? '');
