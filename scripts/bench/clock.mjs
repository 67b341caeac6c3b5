// Milliseconds on the machine's monotonic clock: the same in every process, and no step of the wall clock moves it.
export const now = () => Number(process.hrtime.bigint()) / 1e6;
