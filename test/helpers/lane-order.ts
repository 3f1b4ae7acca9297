import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Lanes in the order of the configuration, which names those with the longest files first: no worker ends with a long file alone. */
export class LaneOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const lanes = this.ctx.projects.map(({ name }) => name);
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => lanes.indexOf(a.project.name) - lanes.indexOf(b.project.name));
  }
}
