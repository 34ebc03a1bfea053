import { localTransport } from '../../src/remote/local/local-transport.ts'
import { transportContract } from './transport-contract.ts'

transportContract({
  name: 'local',
  transport: (runtime, leaseMs) => localTransport(runtime, leaseMs === undefined ? {} : { leaseMs }),
  sshOptions: () => null,
})
