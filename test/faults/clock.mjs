// Preload (`node --import`): shifts this process's clock by CLOCK_SHIFT_MS. Timers keep their pace, as with a wrongly set clock.
const shift = Number(process.env.CLOCK_SHIFT_MS ?? 0);
const Real = globalThis.Date;
globalThis.Date = class Shifted extends Real {
  constructor(...given) {
    if (given.length === 0) super(Real.now() + shift);
    else super(...given);
  }
  static now() {
    return Real.now() + shift;
  }
};
