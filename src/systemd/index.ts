/// <reference types="node" preserve="true" />
export { credential } from './credential.ts'
export { type Notify, notifier } from './notify.ts'
