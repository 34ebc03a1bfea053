/// <reference types="node" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />
export { faultyStore } from './faulty-store.ts'
export type { DeadJob, WaitingJob } from './seen-job.ts'
export { SimClock } from './sim-clock.ts'
export {
  type DrainedJob,
  runInline,
  TestKit,
  type TestKitOptions,
  testKit,
} from './test-kit.ts'
