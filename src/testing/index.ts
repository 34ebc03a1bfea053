/// <reference types="node" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />
export { faultyStore } from './faulty-store.ts'
export { SimClock } from './sim-clock.ts'
export {
  type DrainedJob,
  runInline,
  TestKit,
  type TestKitOptions,
  testKit,
  type WaitingJob,
} from './test-kit.ts'
