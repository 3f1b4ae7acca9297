/** `refusal.mjs PACKAGE`: makes a checkpointer and a resume worker; prints the code and message of what each of them throws. */
const { LetsPingCheckpointer, resumeWorker } = await import(process.argv[2]);

const thrown = (make) => {
  try {
    make();
    return { code: null, message: 'nothing was thrown' };
  } catch ({ code, message }) {
    return { code, message };
  }
};
const checkpointer = thrown(() => new LetsPingCheckpointer({ store: {} }));
const worker = thrown(() => resumeWorker({ graphs: {} }));
process.stdout.write(`${JSON.stringify([checkpointer, worker])}\n`);
